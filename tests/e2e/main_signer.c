/*
 * main_signer.c - a signer as [keys] signer may name one: the key is in a file of its own.
 *
 *     signer KEY_FILE [lie|flood|hang|die|environment]
 *
 * KEY_FILE is a secret key without a passphrase. lie: signs other bytes; flood: prints more than a
 * signer may; hang: says nothing for ten minutes; die: ends by a signal. environment: says which
 * variables it has, and signs nothing.
 */
#include <poll.h>
#include <signal.h>
#include "crypto.h"
#include "str.h"

#define LINE_MAX_BYTES 65536

static int misbehave(const char *how)
{
    if (str_eq(how, "hang"))
        return poll(NULL, 0, 600000);
    if (str_eq(how, "die"))
        return raise(SIGKILL);
    for (char **e = environ; str_eq(how, "environment") && *e != NULL; e++)
        printf("%.*s ", (int)strcspn(*e, "="), *e);
    if (str_eq(how, "environment"))
        exit(1);
    for (int i = 0; str_eq(how, "flood") && i < 100000; i++)
        puts("more words than a signature has");
    return 0;
}

/* "sign NAME HEX": the bytes begin with a domain and a NUL. */
static int read_question(char *line, unsigned char **ret, size_t *ret_n)
{
    char *hex = strrchr(line, ' ');
    line[strcspn(line, "\n")] = '\0';
    if (!str_starts(line, "sign ") || hex == NULL)
        return -1;
    *ret_n = strlen(hex + 1) / 2;
    *ret = xalloc(*ret_n + 1);
    return str_unhex(hex + 1, *ret, *ret_n) < 0 || memchr(*ret, '\0', *ret_n) == NULL ? -1 : 0;
}

int main(int argc, char **argv)
{
    autofree char *line = xalloc(LINE_MAX_BYTES);
    autofree unsigned char *bytes = NULL;
    auto_keypair struct keypair *k = NULL;
    unsigned char sig[SIG_LEN];
    char hex[2 * SIG_LEN + 1];
    struct err err = ERR_INIT;
    size_t n = 0;
    if (argc < 2 || crypto_init(&err) < 0 || keypair_load(argv[1], &k, &err) < 0 ||
        fgets(line, LINE_MAX_BYTES, stdin) == NULL || read_question(line, &bytes, &n) < 0) {
        fprintf(stderr, "signer: no key, or no question: %s\n", err.text);
        return 1;
    }
    if (argc > 2)
        misbehave(argv[2]);
    size_t domain = strlen((const char *)bytes) + 1;
    if (argc > 2 && str_eq(argv[2], "lie"))
        n--;
    crypto_sign_bytes(k, (const char *)bytes, bytes + domain, n - domain, sig);
    str_hex(hex, sig, SIG_LEN);
    printf("signing with %s\n%s\n", argv[1], hex);
    return 0;
}
