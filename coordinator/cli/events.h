/*
 * events.h - changes of a run as JSON, one object a line.
 *
 *     {"event":"run","at":...,"run":ID,"target":V,"state":S}
 *     {"event":"host","at":...,"run":ID,"host":NAME,"key":ID,"state":S,"text":T}
 *     {"event":"waiting","at":...,"run":ID,"reason":R,"host":NAME,"text":T}
 *     {"event":"snapshot","at":...,"run":ID,"region":NAME,"file":PATH,"bytes":N}
 *     {"event":"keystore","at":...,"run":ID,"host":NAME,"key":ID,"path":PATH,"keys":N}
 *     {"event":"no-return","at":...,"run":ID,"region":NAME,"leader":NAME}
 *     {"event":"plan", ... as report_plan_json}      before the run begins
 *     {"event":"end", ... as report_run_json}
 *
 * `at` is RFC 3339. Fields may be added; those here keep their meaning.
 */
#ifndef EVENTS_H
#define EVENTS_H

#include "clock.h"
#include "json.h"
#include "progress.h"

void event_print(const struct progress *p, const struct change *c, const struct clock *clock,
                 FILE *out);
void json_line(const struct json *o, FILE *out);

#endif
