#include "config_name.h"
#include "str.h"

enum config_name config_name_of(const char *name)
{
    static const char *const aside[] = {
        ".bak",     ".orig",    ".old",      ".save",      ".swp",     ".rpmnew",   ".rpmold",
        ".rpmsave", ".rej",     ".dpkg-old", ".tmp",       ".backup",  ".dpkg-new", ".dpkg-bak",
        ".ucf-old", ".ucf-new", ".ucf-dist", ".dpkg-dist", ".disabled"};
    bool read = str_ends(name, ".hcl") || str_ends(name, ".json");

    if (strstr(name, ".hcl") == NULL && strstr(name, ".json") == NULL)
        return CONFIG_NAME_OTHER;
    if (str_ends(name, "~") || str_starts(name, ".#") ||
        (name[0] == '#' && name[1] != '\0' && str_ends(name, "#")))
        return CONFIG_NAME_LEFTOVER;
    for (size_t i = 0; i < ARRAY_LEN(aside) && !read; i++) {
        if (str_ends(name, aside[i]))
            return CONFIG_NAME_LEFTOVER;
    }
    return read ? CONFIG_NAME_READ : CONFIG_NAME_OTHER;
}
