/*
 * main_nomad.c - Caravan's stand-in for `nomad`. See tests/sim/README.md.
 */
#include "sim_shell.h"

int main(int argc, char **argv)
{
    return sim_shell_command(argc, argv);
}
