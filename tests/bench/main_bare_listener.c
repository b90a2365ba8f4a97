/*
 * main_bare_listener.c - the yardstick for an agent's memory: a listener and nothing else.
 *
 *     bare_listener ADDRESS:PORT
 *
 * An nng REP socket with one receive posted, libsodium ready, no work. Runs until it is
 * ended. What it takes is what the libraries take.
 */
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <sodium.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    nng_socket socket;
    nng_msg *msg;
    char url[100];

    if (argc != 2 || sodium_init() < 0) {
        fprintf(stderr, "usage: bare_listener ADDRESS:PORT\n");
        return 2;
    }
    snprintf(url, sizeof(url), "tcp://%s", argv[1]);
    int rv = nng_rep0_open(&socket);
    if (rv == 0)
        rv = nng_listen(socket, url, NULL, 0);
    if (rv == 0)
        rv = nng_recvmsg(socket, &msg, 0);
    fprintf(stderr, "bare_listener: %s\n", nng_strerror(rv));
    return 1;
}
