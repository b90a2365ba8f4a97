#include "place_rule.h"

#include "url_plain.h"

static bool is_file_url(const char *url)
{
    return strncasecmp(url, "file:", 5) == 0;
}

const char *place_refused(const struct agent_view *a, const char *url, const char **ret_unsure)
{
    const struct fact_view *files = agent_fact(a, "file-urls");
    const struct fact_view *prefixes = agent_fact(a, "url-prefixes");

    if (is_file_url(url) && (files == NULL || files->value == TRI_UNKNOWN))
        *ret_unsure = fact_doubt(files);
    else if (is_file_url(url) && files->value == TRI_NO)
        return "root does not allow file:// places";
    if (prefixes == NULL || prefixes->value == TRI_UNKNOWN)
        *ret_unsure = fact_doubt(prefixes);
    else if (prefixes->value == TRI_YES)
        return url_refused(prefixes->text, url);
    return NULL;
}
