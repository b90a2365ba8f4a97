#include "hazards_built_in.h"

/* The assembler reads the file, by a path from the root of the repository, where make runs. */
__asm__(".pushsection .rodata\n"
        ".global hazards_conf\n"
        ".type hazards_conf, @object\n"
        "hazards_conf:\n"
        ".incbin \"coordinator/plan/hazards.conf\"\n"
        ".byte 0\n"
        ".size hazards_conf, .-hazards_conf\n"
        ".popsection\n");
