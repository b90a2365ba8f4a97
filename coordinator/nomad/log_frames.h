/*
 * log_frames.h - what /v1/agent/monitor streams, as lines; and which lines mean harm.
 *
 * Frames are JSON objects one after the other, without separators: {} is a heartbeat,
 * {"Data":"BASE64",...} some bytes of the log, up to 1,024, which may end in the middle
 * of a line. A stream whose first byte is no { is taken as plain text. A line of the log is a JSON
 * object (log_json=true), told as people read it: in plain text a message may hold a line break,
 * and with it a line of a stranger's. What is no JSON is told behind "| ". Lines longer than
 * LOG_LINE_MAX are cut; a frame longer than LOG_FRAME_MAX, or none, ends the stream.
 *
 * jansson reads every frame. Where one ends its brackets tell, each byte looked at once: jansson
 * would begin anew with each piece that comes (a frame of 64 KiB in pieces of 1,400 bytes took
 * 12.5 ms so, and 0.6 ms whole), and a server that sends byte by byte would keep it busy.
 */
#ifndef LOG_FRAMES_H
#define LOG_FRAMES_H

#include "json.h"

#define LOG_LINE_MAX  1000
#define LOG_ENTRY_MAX 8192 /* as JSON; a longer one is not read */
#define LOG_FRAME_MAX 65536

struct log_frames {
    enum { LOG_UNKNOWN, LOG_FRAMES, LOG_PLAIN } form;
    struct buf frame; /* being read */
    int depth;
    bool in_text, escaped;
    char line[LOG_ENTRY_MAX + 1];
    size_t n;
    void (*on_line)(void *ctx, const char *line); /* trimmed, never empty */
    void *ctx;
};

/* -1: this is not what Nomad streams. */
MUST_CHECK int log_frames_add(struct log_frames *f, const void *p, size_t n, struct err *err);
void log_frames_reset(struct log_frames *f); /* for a new stream; frees */

/* What a line of a server's log means for the run: by who says it and the whole message before its
 * values. Values hold what strangers asked for: they are never looked at. */
struct log_sign {
    const char *since; /* the version it comes from, by Nomad's source; older ones have no stream */
    const char *logger;  /* "nomad.fsm" */
    const char *message; /* up to its end, or to the colon before its values */
    const char *advice;  /* what to do, one sentence */
};
extern const struct log_sign log_signs[];
extern const size_t log_signs_len;
/* NULL: nothing that stops a run. */
const struct log_sign *log_sign_of(const char *line);

#endif
