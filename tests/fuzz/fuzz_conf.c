#include "conf.h"
#include "fuzz_target.h"
#include "str.h"

struct settings {
    char name[8];
    char path[32];
    bool on;
    int64_t number;
    int64_t wait;
    uint64_t size;
    unsigned pairs;
};

#define AT(field) offsetof(struct settings, field)
static const struct conf_key keys[] = {
    {"main", "name", CONF_TEXT, AT(name), 0, 8, NULL, ""},
    {"main", "path", CONF_PATH, AT(path), 0, 32, NULL, ""},
    {"main", "on", CONF_BOOL, AT(on), 0, 0, NULL, ""},
    {"limits", "number", CONF_NUMBER, AT(number), -5, 10, NULL, ""},
    {"limits", "wait", CONF_DURATION, AT(wait), 1000, 60000, NULL, ""},
    {"limits", "size", CONF_SIZE, AT(size), 0, 0, NULL, ""},
    {"hosts", "*", CONF_MAP, 0, 0, 0, NULL, ""},
};

static int on_pair(void *base, const char *section, const char *key, const char *value,
                   struct err *err)
{
    struct settings *s = base;
    (void)err;
    FUZZ_CHECK(str_eq(section, "hosts"));
    FUZZ_CHECK(key[0] != '\0' && strlen(key) + strlen(value) < 200);
    s->pairs++;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct conf table = {.keys = keys, .n_keys = ARRAY_LEN(keys), .on_pair = on_pair};
    struct settings s = {.number = 1, .wait = 1000};
    struct err err = ERR_INIT;
    autofree char *text = xzalloc(size + 1, 1);
    if (size > 0)
        memcpy(text, data, size);
    int rv = conf_parse(&table, "f", text, &s, &err);
    FUZZ_CHECK(memchr(s.name, 0, sizeof(s.name)) != NULL);
    FUZZ_CHECK(s.path[0] == '\0' || s.path[0] == '/');
    FUZZ_CHECK(s.number >= -5 && s.number <= 10);
    FUZZ_CHECK(s.wait >= 1000 && s.wait <= 60000);
    if (rv < 0)
        FUZZ_CHECK(err.kind == ERR_CONFIG && str_starts(err.text, "f:"));
    /* An accepted file has no line that the library would have split. */
    for (const char *line = text; rv == 0 && *line != '\0'; line += strspn(line, "\n")) {
        size_t n = strcspn(line, "\n");
        FUZZ_CHECK(n <= 199 || strspn(line, " \t\r\v\f\xef\xbb\xbf") > 0 || line[n - 1] <= ' ');
        line += n;
    }
    return 0;
}
