/*
 * main_bare_listener.c - a listener that does nothing, to compare the memory of an agent with.
 *
 *     bare_listener ADDRESS:PORT
 *
 * Opens an nng REP socket with one pending receive, and initialises libsodium. Runs until it is
 * killed. It needs only the memory that the libraries need.
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
