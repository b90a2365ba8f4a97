# The rules of `make lint`, one function each: rule_NAME prints one line for each violation, and
# nothing if there is none. The rules check the tree in the current folder and the release objects
# in $OBJ. The tables are beside this file, in $LINT.
#
# sourced by lint.test (this repository) and rules.test (samples that must fail)

FOLDERS="common proto agent coordinator"
RULES="ladder includes unique_names static_names file_names headers readmes sizes medians format words spelling goto_ladders
       scripts fleets parsers threats nomad_calls foreign_symbols layers unused shadowed_names globals pure clang_compiles cppcheck_finds"
WARN="-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla -Wundef
      -Wswitch-enum -Wwrite-strings -Wconversion -Werror"

sources() { # pattern...
    local pattern
    for pattern in "$@"; do
        find common proto agent coordinator tests -type f -name "$pattern" 2>/dev/null
    done | sort
}

table() {
    grep -v -E '^[[:space:]]*(#|$)' "$LINT/$1.table"
}

# ---- rooms ----

# Prints "room other...": each room and the rooms it may include, from the Makefile's ladder.
ladder() {
    sed -n -E 's,^MAY_([a-z/]+) *:=(.*),\1\2,p' Makefile 2>/dev/null
}

# Prints "room reached", one a line: a room, and a room that it may include directly or through
# others. For a room that reaches itself through others: "room circle".
reach() {
    ladder | awk '
        function walk(from, at,   i, n, part) {
            n = split(may[at], part, " ")
            for (i = 1; i <= n; i++) {
                if (part[i] == from) { print from, "circle"; continue }
                if ((from, part[i]) in seen) continue
                seen[from, part[i]]; print from, part[i]
                walk(from, part[i])
            }
        }
        { room = $1; $1 = ""; may[room] = $0 }
        END { for (room in may) { print room, room; walk(room, room) } }' | sort
}

rooms() {
    ladder | cut -d' ' -f1
}

# The floor of a room: one above the highest room it may include.
floors() {
    ladder | awk '
        function floor(r,   i, n, part, f, most) {
            if (r in known) return known[r]
            known[r] = 0
            n = split(may[r], part, " ")
            for (i = 1; i <= n; i++) { f = floor(part[i]) + 1; if (f > most) most = f }
            return known[r] = most + 0
        }
        { room = $1; $1 = ""; may[room] = $0 }
        END { for (room in may) print floor(room), room, may[room] }' | sort -k1,1nr -k2,2
}

# Prints the folders whose headers a folder may include in quotes, one a line.
quotes_of() { # folder
    case $1 in
    tests*) rooms; printf '%s\n' tests/* ;;
    *) reach | awk -v room="$1" '$1 == room { print $2 }' ;;
    esac
}

# The ladder is consistent: it names exactly the rooms that exist, has no circle, and nothing that
# fence.table forbids.
rule_ladder() {
    local from to room folder
    reach >"$LINT_TMP/reach"
    rooms | sort >"$LINT_TMP/rooms"
    grep ' circle$' "$LINT_TMP/reach" | sed 's/ circle$/: may include itself through other rooms/'
    cut -d' ' -f2 "$LINT_TMP/reach" | grep -v '^circle$' | sort -u | comm -13 "$LINT_TMP/rooms" - |
        sed 's/$/: may be included, but is no room of the Makefile/'
    while read -r room; do
        ls "$room"/*.c >/dev/null 2>&1 || echo "$room: a room of the Makefile without sources"
    done <"$LINT_TMP/rooms"
    find $FOLDERS -name '*.[ch]' 2>/dev/null | sed 's,/[^/]*$,,' | sort -u |
        comm -23 - "$LINT_TMP/rooms" | sed 's/$/: has sources, but is no room of the Makefile/'
    table fence | while read -r from to; do
        awk -v from="^($from)\$" -v to="^($to)\$" '$1 ~ from && $2 ~ to && $1 != $2 {
            print $1 ": may reach " $2 ", which must stay out of its reach" }' "$LINT_TMP/reach"
    done
}

# Every room has a README: its contents, the rooms it may include, and what to read first.
rule_readmes() {
    local room lines
    # proto's README is the specification of the wire.
    rooms | grep -v -x proto | while read -r room; do
        lines=$(wc -l 2>/dev/null <"$room/README.md") || { echo "$room: has no README.md"; continue; }
        [ "$lines" -le 60 ] || echo "$room/README.md: $lines lines are more than a page (60)"
    done
}

# ---- text ----

rule_includes() {
    local folder where
    sources '*.[ch]' | sed 's,/[^/]*$,,' | sort -u | while read -r folder; do
        for where in $(quotes_of "$folder"); do
            ls "$where" 2>/dev/null | sed "s,^,$folder ,"
        done
    done | sort -u >"$LINT_TMP/quotable"
    sources '*.[ch]' | xargs -r grep -H -E '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' |
        sed -E 's/^([^:]*):[^"]*"([^"]*)".*/\1 \2/' |
        awk '
            FNR == NR { quotable[$1, $2]; next }
            { folder = $1; sub("/[^/]*$", "", folder) }
            $2 ~ "/" { print $1 ": includes \"" $2 "\": by bare name only"; next }
            !((folder, $2) in quotable) { print $1 ": \"" $2 "\" is not within its reach" }
            ' "$LINT_TMP/quotable" -
}

rule_unique_names() {
    sources '*.[ch]' | sed 's|.*/||' | sort | uniq -d | while read -r name; do
        echo "$name: more than one file has this name:" $(sources "$name")
    done
}

# Static functions of the programs: a name has a verb and a noun, and one meaning.
rule_static_names() {
    find common proto agent coordinator -type f -name '*.c' 2>/dev/null | sort | xargs -r awk '
        /^static .*\)$/ || /^static [^=;]*\(/ {
            name = $0
            sub(/\(.*/, "", name)
            sub(/.*[ *]/, "", name)
            if (name !~ /^[a-z][a-z0-9_]*$/ || (FILENAME, name) in seen) next
            seen[FILENAME, name] = 1
            if (name !~ /_/) print FILENAME ": " name "() is one word: a name has a verb and a noun"
            if (name in where) print FILENAME ": " name "() is a name of " where[name] ", too"
            where[name] = FILENAME
        }'
}

rule_file_names() {
    sources '*.[ch]' | grep -E '/([a-z_]*_)?(util|utils|misc|helper|helpers|common|stuff)(_[a-z]*)?\.[ch]$' |
        sed 's/$/: a file is named after a noun of its own/'
    sources '*.h' | grep -E '_(parts|inner|private|internal)\.h$' |
        sed 's/$/: a header is named after its struct; a noun has one header/'
}

rule_headers() {
    local file name
    sources '*.h' | while read -r file; do
        name=${file##*/}
        sed -n 2p "$file" | grep -q -F " * $name - " ||
            echo "$file: does not begin with \"$name - what it is\""
    done
}

# Prints name, first line, last line, file and length, without the lines of constant tables.
function_sizes() {
    sources '*.c' | xargs -r ctags -x --c-kinds=f --_xformat='%N %n %{end} %F' |
        awk '
            function load(file,   line, n, skipping) {
                n = 0
                while ((getline line < file) > 0) {
                    n++
                    if (line ~ /^[ ]*(static )?const .*= \{$/ || line ~ /^[ ]*const .*\[\] = \{$/)
                        skipping = 1
                    table_lines[file, n] = table_lines[file, n - 1] + (skipping ? 1 : 0)
                    if (line ~ /^[ ]*\};$/) skipping = 0
                }
                close(file)
                loaded[file] = n
            }
            {
                if (!($4 in loaded)) load($4)
                tables = table_lines[$4, $3] - table_lines[$4, $2]
                print $4, $1, $3 - $2 + 1 - tables
            }'
}

file_sizes() {
    sources '*.c' | xargs -r awk '
        FNR == 1 { if (file != "") print file, n; file = FILENAME; n = 0; skipping = 0 }
        /^(static )?const .*= \{$/ { skipping = 1 }
        { if (!skipping) n++ }
        /^\};$/ { skipping = 0 }
        END { if (file != "") print file, n }'
}

# Prints file_most, function_most and median_most of a folder, for awk.
BUDGET_AWK='
    FILENAME == budgets { folder[++rows] = $1; most[rows, 1] = $2; most[rows, 2] = $3; most[rows, 3] = $4; next }
    function budget(file, which,   i) {
        for (i = 1; i <= rows; i++)
            if (index(file, folder[i] "/") == 1) return most[i, which]
        return 0
    }'

rule_sizes() {
    table budgets >"$LINT_TMP/budgets"
    file_sizes >"$LINT_TMP/files"
    function_sizes >"$LINT_TMP/functions"
    awk -v budgets="$LINT_TMP/budgets" -v files="$LINT_TMP/files" "$BUDGET_AWK"'
        FILENAME == files {
            if ($2 > budget($1, 1)) print $1 ": " $2 " lines, more than " budget($1, 1)
            next
        }
        {
            limit = $2 == "main" ? 60 : budget($1, 2)
            if ($3 > limit) print $1 ": " $2 "() has " $3 " lines, more than " limit
        }' "$LINT_TMP/budgets" "$LINT_TMP/files" "$LINT_TMP/functions"
}

# Prints "folder median" for every folder.
folder_medians() {
    function_sizes | awk '{ sub("/[^/]*$", "", $1); print $1, $3 }' | sort -k1,1 -k2,2n |
        awk '
            function tell() { if (n) print folder, v[int((n + 1) / 2)], n }
            $1 != folder { tell(); folder = $1; n = 0 }
            { v[++n] = $2 }
            END { tell() }'
}

rule_medians() {
    folder_medians >"$LINT_TMP/medians"
    table budgets >"$LINT_TMP/budgets"
    awk -v budgets="$LINT_TMP/budgets" "$BUDGET_AWK"'
        { limit = budget($1 "/", 3)
          if (limit > 0 && $2 > limit)
              print $1 ": the median of its " $3 " functions is " $2 " lines, more than " limit }
        ' "$LINT_TMP/budgets" "$LINT_TMP/medians"
}

# Releases of clang-format differ in macros whose text begins with a brace. Our format is that of
# release 14, which checks every line; other releases check all lines except macros.
FORMAT_RELEASE=14
no_macros() { # what: print $0 or FNR of the other lines
    awk '!on && /^[[:space:]]*#[[:space:]]*define/ { on = 1 } !on { print '"$1"' } on && !/\\$/ { on = 0 }'
}
formatted_but_for_macros() { # file...
    local file differs
    for file in "$@"; do
        differs=$(cmp <(no_macros '$0' <"$file") <(clang-format "$file" | no_macros '$0') 2>&1) && continue
        echo "$file:$(no_macros FNR <"$file" | sed -n "${differs##* }p"): not formatted (clang-format -i)"
    done
}

rule_format() {
    if clang-format --version | grep -q "version $FORMAT_RELEASE\."; then
        sources '*.[ch]' | xargs -r clang-format --dry-run -Werror 2>&1 |
            sed -n 's/^\([^:]*:[0-9]*\):.*error: .*/\1: not formatted (clang-format -i)/p' |
            sort -u -t: -k1,1
    else
        formatted_but_for_macros $(sources '*.[ch]')
    fi
}

rule_words() {
    local pattern
    table words | while read -r pattern; do
        find . -type f -not -path './.git' -not -path './.git/*' -not -path './build/*' \
            -not -name compile_commands.json -print0 |
            xargs -0 -r grep -I -n -E -- "$pattern" | sed 's|^\./||; s/$/  <- a banned word/'
    done
}

# Words that are spelled wrongly; spelling.table has those that are meant so. Recorded answers and
# bytes are left out.
rule_spelling() {
    command -v codespell >/dev/null ||
        { echo 'SKIP codespell is not installed: deploy/install-deps lint'; return; }
    find README.md Makefile common proto agent coordinator tests deploy .ci -type f \
        -not -path '*/fixtures/*' -not -path '*/corpus/*' -not -path 'tests/vectors/*' \
        -not -name '*.asc' -not -name '*.svg' -print0 2>/dev/null |
        xargs -0 -r codespell -L "$(table spelling | paste -sd,)" 2>/dev/null
}

rule_goto_ladders() {
    find $FOLDERS -name '*.c' -print0 2>/dev/null |
        xargs -0 -r grep -n -E '^[[:space:]]*goto ' | sed 's/$/  <- use cleanup.h/'
}

# A parser has a name of a parser and takes bytes that somebody else wrote. A function whose only
# argument is the name of a file is no parser.
PARSER_NAMES='(^|_)(parse|parsed|read|reads|from|scan|split|decode|unhex|unescape|says|starts)(_|$)'
PARSER_BYTES='(const )?(void|char|unsigned char|uint8_t) [*]+ ?(a|at|b|body|bytes|c|data|first|frame|header|in|input|in[a-z]*|j|line|l|message|out|p|payload|pem|rest|s|start|string|t|target|text|url|v|value|word|words)[,)]'
# Calls of a function that walks through a text.
TEXT_WALKERS='strchr|strrchr|strstr|strcasestr|strtok_r|strsep|sscanf|strtoull?|strtoll?|memchr|memmem|strcspn|strspn|strpbrk|json_parse'

# Prints "file function" for everything that looks like a parser.
parsers() {
    find $FOLDERS -name '*.c' 2>/dev/null | sort | xargs -r ctags -x --c-kinds=f --_xformat='%F %N %S' |
        awk -v names="$PARSER_NAMES" -v bytes="$PARSER_BYTES" '
            { file = $1; name = $2; $1 = $2 = ""; sub(/\.c$/, "", file) }
            name ~ names && $0 ~ bytes { print file, name }'
}

# Every parser of foreign text has a fuzz target. For every file that walks through texts
# parsers.table names the functions that do, or the reason why none needs a fuzz target.
rule_parsers() {
    local file functions function target reason entry
    parsers | sort -u >"$LINT_TMP/parsers"
    grep -s -v -E '^[[:space:]]*(#|$)' tests/lint/parsers.table >"$LINT_TMP/table"
    awk '{ n = split($2, f, ","); for (i = 1; i <= n; i++) print $1, f[i] }' \
        "$LINT_TMP/table" | sort -u >"$LINT_TMP/told"
    comm -23 "$LINT_TMP/parsers" "$LINT_TMP/told" |
        sed -E 's/^([^ ]*) (.*)/\1.c: \2() reads bytes: parsers.table must name its fuzz target/'
    find $FOLDERS -name '*.c' 2>/dev/null | sort | xargs -r grep -l -E "\b($TEXT_WALKERS)\(" |
        sed 's/\.c$//' | while read -r file; do
        grep -q "^$file " "$LINT_TMP/told" || echo "$file.c: walks texts: parsers.table must tell of it"
    done
    while read -r file functions target reason; do
        for function in $(printf '%s' "$functions" | tr -d '*' | tr , ' '); do
            grep -q -s "\b$function\b" "$file.c" || echo "parsers.table: $file.c has no $function()"
        done
        entry=${functions%%,*}
        case $target in
        -) [ -n "$reason" ] || echo "parsers.table: $file: no reason why it has no target" ;;
        *:*) entry=${target#*:} ;;
        esac
        target=${target%%:*}
        [ "$target" = - ] && continue
        grep -q -s "\b$entry\b" "tests/fuzz/fuzz_$target.c" ||
            echo "parsers.table: $file: no tests/fuzz/fuzz_$target.c calls $entry()"
        ls "tests/fuzz/corpus/$target/"* >/dev/null 2>&1 ||
            echo "parsers.table: $file: tests/fuzz/corpus/$target is empty"
    done <"$LINT_TMP/table"
}

# Prints "file test" for each test that the threat model names: [FILE TEST, TEST, FILE TEST],
# or [SCRIPT CHECK].
threats() {
    grep -s -oE '\[[a-z0-9_]+(\.sh|\.test)? [^][]+\]' proto/README.md | tr -d '[]' |
        awk '{ n = split($0, names, ", ")
               for (i = 1; i <= n; i++) {
                   if (match(names[i], /^([a-z0-9_]+\.(sh|test)|test_[a-z0-9_]+) /)) {
                       file = substr(names[i], 1, RLENGTH - 1); sub(/^[^ ]+ /, "", names[i])
                   }
                   print file, names[i]
               } }'
}

# Each named test exists: a function of a cmocka program, or a check of a script.
rule_threats() {
    local file name path
    threats | while read -r file name; do
        path=$(find tests -name "$file" -o -name "$file.c" | head -n 1)
        case $path in
        '') echo "proto/README.md: there is no test $file" ;;
        *.c) grep -q "static void $name(void" "$path" || echo "proto/README.md: $path has no $name()" ;;
        *) grep -qF "check \"$name\"" "$path" || echo "proto/README.md: $path has no check \"$name\"" ;;
        esac
    done
}

# Each call of Nomad's API is in the table of necessary rights, and so in the printed policy.
rule_nomad_calls() {
    local path
    find coordinator/nomad -name '*.c' 2>/dev/null | sort | xargs -r grep -hoE '"/v1/[a-z/-]+' |
        tr -d '"' | sort -u | while read -r path; do
        grep -q -s -F "{\"$path" coordinator/model/token_rights.c ||
            echo "coordinator/nomad asks $path: token_rights.c does not say which right that takes"
    done
}

rule_scripts() {
    local file
    find tests -type f \( -name '*.sh' -o -name '*.test' \) 2>/dev/null | sort |
        while read -r file; do
            case ${file##*/} in
            lib_*) [ ! -x "$file" ] || echo "$file: a part of scripts is not executable itself" ;;
            *) [ -x "$file" ] || echo "$file: is not executable, so no test runs it" ;;
            esac
        done
    find tests deploy .ci -type f 2>/dev/null | xargs -r grep -l -m 1 '^#!/bin/bash' | sort |
        while read -r file; do
            bash -n "$file" 2>&1
        done
}

# Fleets on loopback run at the same time: each script has its own addresses, 127.0.NUMBER.x.
rule_fleets() {
    find tests -type f \( -name '*.sh' -o -name '*.test' \) 2>/dev/null |
        xargs -r grep -HoE '(_begin|fleet_new "[^"]*"|NET=) *[0-9]+|127\.0\.[1-9][0-9]*\.' |
        sed -E 's/^([^:]*):(.*[^0-9])?([0-9]+)\.?$/\3 \1/' | sort -u |
        awk '{ users[$1] = users[$1] " " $2; n[$1]++ }
             END { for (at in n) if (n[at] > 1) print "127.0." at ".x: fleets of more than one script:" users[at] }'
}

# ---- objects ----

# Writes lists of "object symbol": the symbols that the folders' objects need and define.
read_objects() {
    local folder file object missing=0
    : >"$LINT_TMP/undefined"
    : >"$LINT_TMP/defined"
    for file in $(find $FOLDERS -name '*.c' 2>/dev/null | sort); do
        object=${file%.c}
        if [ ! -f "$OBJ/$object.o" ]; then
            echo "$file: its release object is not built"
            missing=1
            continue
        fi
        echo "$object"
    done >"$LINT_TMP/objects"
    if grep ' ' "$LINT_TMP/objects"; then return 1; fi
    [ -s "$LINT_TMP/objects" ] || return 0
    (cd "$OBJ" && sed 's/$/.o/' "$LINT_TMP/objects" | xargs nm -A --undefined-only) |
        sed -E 's/^([^:]*)\.o: *[UwvV] /\1 /' >"$LINT_TMP/undefined"
    (cd "$OBJ" && sed 's/$/.o/' "$LINT_TMP/objects" | xargs nm -A --defined-only -g) |
        sed -E 's/^([^:]*)\.o:[0-9a-f]* [A-Z] /\1 /' >"$LINT_TMP/defined"
}

library_file() { # name: of deploy/libraries, or c (a linker script)
    local flag
    [ "$1" != c ] || { gcc -print-file-name=libc.so.6; return; }
    flag=$("$LINT/../../deploy/libraries" libs "$1") || return 1
    gcc -print-file-name="lib$(printf '%s' "$flag" | sed 's/.*-l\([^ ]*\).*/\1/').so"
}

library_symbols() { # name
    local path
    path=$(library_file "$1") || return 1
    if [ ! -f "$path" ]; then
        echo "$path of $1 is not here: its symbols cannot be told" >&2
        return 1
    fi
    nm -D --defined-only "$path" | awk '{ sub(/@.*/, "", $NF); print $NF }' |
        grep -v -E '^(_init|_fini|_start|__bss_start|_edata|_end|main)$' | sort -u
}

rule_foreign_symbols() {
    local kind what rooms room
    read_objects || return
    table symbols | while read -r kind what rooms; do
        rooms=$(printf '%s' "$rooms" | tr ' ' '|')
        if [ "$kind" = lib ]; then
            library_symbols "$what" >"$LINT_TMP/library" 2>&1 || { cat "$LINT_TMP/library"; continue; }
            awk -v rooms="^($rooms)\$" -v what="lib$what" '
                FNR == NR { foreign[$1]; next }
                ($2 in foreign) && $1 !~ rooms { print $1 ".c: uses " $2 " of " what }
                ' "$LINT_TMP/library" "$LINT_TMP/undefined"
        else
            awk -v rooms="^($rooms)\$" -v what="$what" '
                $2 ~ what && $1 !~ rooms { print $1 ".c: uses " $2 }' "$LINT_TMP/undefined"
        fi
    done
}

rule_layers() {
    read_objects || return
    reach >"$LINT_TMP/reach"
    awk '
        FILENAME ~ /reach$/ { reach[$1, $2]; next }
        { folder = $1; sub("/[^/]*$", "", folder) }
        FILENAME ~ /defined$/ && FILENAME !~ /undefined$/ {
            if ($2 != "main") home[$2] = home[$2] " " folder
            next
        }
        ($2 in home) {
            n = split(home[$2], homes, " "); fine = 0
            for (i = 1; i <= n; i++)
                if ((folder, homes[i]) in reach) fine = 1
            if (!fine) print $1 ".c: uses " $2 ", which is in" home[$2]
        }' "$LINT_TMP/reach" "$LINT_TMP/defined" "$LINT_TMP/undefined"
}

no_comments() { # file...
    awk 'BEGIN { RS = "[*]/" } { sub(/[/][*].*/, ""); print }' "$@"
}

words_of() { # file...: prints every occurrence of every word
    no_comments "$@" | grep -oE '[A-Za-z_][A-Za-z0-9_]*'
}

# Prints "object function own" for a function that no other object of the programs calls; "own": its
# own file calls it.
uncalled() {
    find $FOLDERS -name '*.c' 2>/dev/null | xargs -r ctags -x --c-kinds=f --_xformat='%F %N' |
        sed 's/[.]c / /' | sort -u >"$LINT_TMP/functions"
    awk '
        FILENAME ~ /undefined$/ { called[$2]; next }
        FILENAME ~ /defined$/ { if (!($2 in called) && $2 != "main") only[$1, $2]; next }
        ($1, $2) in only
        ' "$LINT_TMP/undefined" "$LINT_TMP/defined" "$LINT_TMP/functions" |
        while read -r object function; do
            [ "$(words_of "$object.c" | grep -c -x "$function")" -gt 1 ] && echo "$object $function own" ||
                echo "$object $function none"
        done
}

# Another file of the programs calls each public function, or its own file and a test do. Each
# enumerator is used outside its definition. unused.table lists the exceptions.
rule_unused() {
    read_objects || return
    grep -s -v -E '^[[:space:]]*(#|$)' tests/lint/unused.table >"$LINT_TMP/table"
    awk '{ print $1 }' "$LINT_TMP/table" | sort -u >"$LINT_TMP/told"
    awk 'NF < 2 { print "unused.table: " $1 ": no reason" }' "$LINT_TMP/table"
    find tests -name '*.[ch]' 2>/dev/null | sort | xargs -r cat | words_of - | sort -u >"$LINT_TMP/in_tests"
    sources '*.[ch]' | xargs -r cat | words_of - | sort | uniq -c | awk '{ print $2, $1 }' >"$LINT_TMP/words"
    find $FOLDERS -name '*.[ch]' 2>/dev/null | sort |
        xargs -r ctags -x --c-kinds=e --_xformat='%F %N' >"$LINT_TMP/enumerators"
    uncalled | awk -v tests="$LINT_TMP/in_tests" '
        BEGIN { while ((getline name <tests) > 0) tested[name] }
        $3 == "none" { print $2, $1 ".c: nothing in the programs calls " $2 "()"; next }
        !($2 in tested) { print $2, $1 ".c: " $2 "() has no caller but in its own file: static" }
        ' >"$LINT_TMP/unused"
    awk 'FNR == NR { n[$1] = $2; next }
         n[$2] == 1 { print $2, $1 ": nothing names the enumerator " $2 }
        ' "$LINT_TMP/words" "$LINT_TMP/enumerators" >>"$LINT_TMP/unused"
    awk 'FILENAME ~ /told$/ { told[$1]; next } !($1 in told) { sub(/^[^ ]+ /, ""); print }' \
        "$LINT_TMP/told" "$LINT_TMP/unused"
    cut -d' ' -f1 "$LINT_TMP/unused" | sort -u | comm -23 "$LINT_TMP/told" - |
        sed 's/.*/unused.table: & is used, or is gone/'
}

# If a linked library exports a name of ours, our function would replace the library's own.
rule_shadowed_names() {
    local lib
    read_objects || return
    for lib in $(table symbols | awk '$1 == "lib" { print $2 }') c; do
        library_symbols "$lib" >"$LINT_TMP/library" || continue
        awk -v lib="lib$lib" '
            FNR == NR { foreign[$1]; next }
            ($2 in foreign) && $2 != "main" { print $1 ".c: defines " $2 ", a name of " lib }
            ' "$LINT_TMP/library" "$LINT_TMP/defined"
    done
}

rule_globals() {
    read_objects || return
    table globals >"$LINT_TMP/globals"
    (cd "$OBJ" && sed 's/$/.o/' "$LINT_TMP/objects" | xargs -r nm -A -f sysv --defined-only) |
        awk -F'|' '$4 ~ /OBJECT|TLS/ && $NF ~ /^\.(data|bss|tdata|tbss)(\..*)?$/ && $NF !~ /rel\.ro/ {
            split($1, at, ":"); gsub(/ /, "", at[2]); sub(/\.o$/, "", at[1]); sub(/\.[0-9]+$/, "", at[2])
            print at[1] ":" at[2] }' |
        grep -v -E -f "$LINT_TMP/globals" | sed 's/$/: mutable data outside a context/'
}

rule_pure() {
    read_objects || return
    table pure | awk '$1 == "room" { print $2 }' >"$LINT_TMP/pure_rooms"
    table pure | awk '$1 == "sym" { print $2 }' >"$LINT_TMP/pure_symbols"
    grep -E -f "$LINT_TMP/pure_rooms" "$LINT_TMP/objects" >"$LINT_TMP/pure_objects"
    awk '
        FILENAME ~ /pure_objects$/ { pure[$1]; next }
        FILENAME ~ /defined$/ && FILENAME !~ /undefined$/ { if ($1 in pure) ours[$2]; next }
        ($1 in pure) && !($2 in ours) { print $1, $2 }
        ' "$LINT_TMP/pure_objects" "$LINT_TMP/defined" "$LINT_TMP/undefined" |
        while read -r object symbol; do
            printf '%s\n' "$symbol" | grep -q -E -f "$LINT_TMP/pure_symbols" ||
                echo "$object.c: must be pure, but uses $symbol"
        done
}

# ---- compilers ----

# The second compiler: the same warnings, no code.
rule_clang_compiles() {
    local folder
    sources '*.c' | sed 's,/[^/]*$,,' | sort -u | while read -r folder; do
        ls "$folder"/*.c |
            xargs -r -P 2 -n 8 clang -fsyntax-only -std=gnu11 -D_GNU_SOURCE $WARN \
                $(quotes_of "$folder" | sed 's/^/-iquote /') 2>&1
    done | grep -E ': (fatal )?error: '
}

rule_cppcheck_finds() {
    local level= # older releases use this analyser level by default
    ! cppcheck --help | grep -q -e --check-level || level=--check-level=exhaustive
    cppcheck -j 2 --quiet $level --enable=warning,portability --inline-suppr --std=c11 --max-configs=2 \
        --suppress=preprocessorErrorDirective --suppress=uninitvar --suppress=unknownMacro \
        -D_GNU_SOURCE $(rooms | sed 's/^/-I /') $FOLDERS \
        --template='{file}:{line}: {message} ({id})' 2>&1
}
