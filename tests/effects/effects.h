/* SPDX-License-Identifier: MIT */
/* What a program can see of a bad network: the plugin reports it, the test expects it. */
#ifndef STEELMILL_TESTS_EFFECTS_H
#define STEELMILL_TESTS_EFFECTS_H

/* X(name, text): the text is that of a property. */
#define EFFECT_LIST(X)                                    \
    X(LATE, "a datagram is late")                         \
    X(LOST, "small datagrams are lost")                   \
    X(LOST_LARGE, "large datagrams alone are lost")       \
    X(TWICE, "a datagram arrives twice")                  \
    X(OVERTAKEN, "a datagram is overtaken")               \
    X(GARBLED, "a datagram is garbled")                   \
    X(STREAM_LATE, "a stream's bytes are late")           \
    X(STREAM_GARBLED, "a stream's bytes are garbled")     \
    X(SILENT, "a stream is silent")                       \
    X(RESET, "a stream is reset")                         \
    X(HALF_OPEN, "a stream is open whose peer was reset") \
    X(REFUSED, "a connection is refused")                 \
    X(UNANSWERED, "a connection is not answered")         \
    X(NO_NAME, "a name is not found")                     \
    X(LATE_NAME, "a name is found late")

#define EFFECT_ENUM_(name, text) EFFECT_##name,
enum effect { EFFECT_LIST(EFFECT_ENUM_) EFFECT_COUNT };
#undef EFFECT_ENUM_

#endif
