/*
 * log_frames.h - makes lines of the stream of /v1/agent/monitor; knows which lines must stop a run.
 *
 * The stream consists of frames, which are JSON objects without separators. {} is a heartbeat.
 * {"Data":"BASE64",...} has up to 1,024 bytes of the log, which may end in the middle of a line. A
 * stream whose first byte is no { is plain text. Each line of the log is a JSON object, because
 * Caravan asks with log_json=true: in plain text a message could contain a line break, and behind
 * it a line that somebody else made up. on_line gets the line in the form that people know. A line
 * that is not JSON gets "| " in front. Lines longer than LOG_LINE_MAX are cut. A frame that is
 * longer than LOG_FRAME_MAX, or bytes that are no frame, end the stream.
 *
 * jansson parses each whole frame. The end of a frame is found by its brackets, and each byte is
 * looked at once. Without this, jansson would begin again with each piece that comes: a frame of 64
 * KiB in pieces of 1,400 bytes took 12.5 ms, and 0.6 ms whole. A server that sends byte by byte
 * could keep jansson busy.
 */
#ifndef LOG_FRAMES_H
#define LOG_FRAMES_H

#include "json.h"

#define LOG_LINE_MAX  1000
#define LOG_ENTRY_MAX 8192 /* bytes of a line as JSON; a longer line is cut and then no JSON */
#define LOG_FRAME_MAX 65536

struct log_frames {
    enum { LOG_UNKNOWN, LOG_FRAMES, LOG_PLAIN } form;
    struct buf frame; /* the frame that is being read */
    int depth;
    bool in_text, escaped;
    char line[LOG_ENTRY_MAX + 1];
    size_t n;
    void (*on_line)(void *ctx, const char *line); /* trimmed, never empty */
    void *ctx;
};

/* Takes the next bytes of the stream. -1: these are no frames of Nomad. */
MUST_CHECK int log_frames_add(struct log_frames *f, const void *p, size_t n, struct err *err);
void log_frames_reset(struct log_frames *f); /* for a new stream; frees the memory */

/* A line of a server's log that must stop the run. The line is recognized by its logger and by the
 * whole message before the values. Values are ignored, because they may contain requests of
 * anybody.
 */
struct log_sign {
    const char *since;   /* first version with this line, by Nomad's source */
    const char *logger;  /* "nomad.fsm" */
    const char *message; /* the message up to its end, or up to the colon before the values */
    const char *advice;  /* for the operator */
};
extern const struct log_sign log_signs[];
extern const size_t log_signs_len;
/* The sign that this line is. NULL: the line stops no run. */
const struct log_sign *log_sign_of(const char *line);

#endif
