# Caravan: build, test, install. `make help` lists what can be asked for.
#
# One file, not recursive. A folder of sources is a room: its sources are what lies in it,
# it has an include path and an archive of its own. Flavours stand side by side in build/:
#
#   release  what is installed
#   asan     the same under address and undefined-behaviour sanitizers: tests
#   tsan     under the thread sanitizer: the tests of what has threads
#   fuzz     by clang with libFuzzer, for `make fuzz`
#
# Tests follow names, in any folder under tests/:
#   tests/*/test_X.c       a cmocka program; other .c files of tests/unit are fixtures
#   tests/fuzz/fuzz_X.c    a fuzz target; replayed over tests/fuzz/corpus/X/
#   tests/*/main_X.c       a program, build/<flavour>/tests/X
#   tests/*/preload_X.c    a shared object, build/<flavour>/tests/preload_X.so
#   tests/e2e/X.sh, tests/*/X.test    a script that prints TAP (lib_X.sh: a part of one)

BUILD  ?= build
PREFIX ?= /usr
V      ?= 0
ONLY   ?=
CC      = gcc
FUZZ_CC ?= clang
FUZZ_SECONDS ?= 60
BASH   := /bin/bash
JOBS   ?= $(shell nproc)

MAKEFLAGS += --no-builtin-rules
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(JOBS)
endif
.DELETE_ON_ERROR:
.SECONDARY:
.DEFAULT_GOAL := all

Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@printf '  %-7s %s\n' '$(1)' '$(2)';)

FLAVOURS := release asan tsan fuzz

# ---- rooms ----

# The ladder of rooms: a room and those it may include, which bring what they may include.
# What a room must not see it cannot include, nor link. `make lint` reads these lines too.
MAY_common             :=
MAY_proto              := common
MAY_coordinator/model  := proto
MAY_coordinator/plan   := coordinator/model
MAY_coordinator/decide := coordinator/plan
MAY_coordinator/store  := coordinator/plan
MAY_coordinator/fetch  := coordinator/store
MAY_coordinator/agents := coordinator/store
MAY_coordinator/nomad  := coordinator/agents
MAY_coordinator/run    := coordinator/decide
MAY_coordinator/cli    := coordinator/run coordinator/nomad coordinator/fetch
MAY_agent/shared       := proto
MAY_agent/host         := agent/shared
MAY_agent/listen       := agent/shared
MAY_agent/fetch        := agent/shared
MAY_agent/seed         := agent/shared
MAY_agent/swap         := agent/host

ROOMS := $(patsubst MAY_%,%,$(filter MAY_%,$(.VARIABLES)))
# A room and all it may include.
reach = $(sort $1 $(foreach r,$(MAY_$1),$(call reach,$r)))
# The room of a source: the folder it lies in; of a test, every room.
rooms_of = $(if $(filter tests/%,$1),$(ROOMS),$(call reach,$(patsubst %/,%,$(dir $1))))

# ---- sources ----

$(foreach r,$(ROOMS),$(eval SRC_$r := $(filter-out $r/main%,$(wildcard $r/*.c))))
SRC_sim         := $(filter-out tests/sim/main_%.c tests/sim/preload_%.c,$(wildcard tests/sim/*.c))
SRC_fixture     := $(filter-out tests/unit/test_%.c,$(wildcard tests/unit/*.c)) \
                   $(filter-out tests/worlds/main_%.c,$(wildcard tests/worlds/*.c))
SRC_test        := $(wildcard tests/*/test_*.c)
SRC_fuzz        := $(wildcard tests/fuzz/fuzz_*.c)
SRC_tool        := $(wildcard tests/*/main_*.c)
SRC_preload     := $(wildcard tests/*/preload_*.c)
SRC_main        := $(foreach r,$(ROOMS),$(wildcard $r/main*.c))
SRC_all := $(foreach d,$(ROOMS) sim fixture,$(SRC_$d)) $(SRC_test) $(SRC_fuzz) $(SRC_tool) $(SRC_preload) \
           $(SRC_main) $(wildcard tests/fuzz/replay.c)

MAIN_caravan       := coordinator/cli/main.c
MAIN_caravan-agent := agent/listen/main_agent.c
MAIN_caravan-swap  := agent/swap/main_swap.c
MAIN_caravan-fetch := agent/fetch/main_fetch.c
MAIN_caravan-seed  := agent/seed/main_seed.c
PROGRAMS := caravan caravan-agent caravan-swap caravan-fetch caravan-seed

tool_name = $(patsubst main_%.c,%,$(notdir $1))
TOOLS    := $(foreach s,$(SRC_tool),$(call tool_name,$s))
PRELOADS := $(patsubst %.c,%.so,$(notdir $(SRC_preload)))
TESTS    := $(patsubst %.c,%,$(notdir $(SRC_test)))
FUZZERS  := $(patsubst %.c,%,$(notdir $(SRC_fuzz)))
THREADED := $(filter test_link% test_file_server,$(TESTS))

# ---- flags ----

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla \
        -Wundef -Wswitch-enum -Wwrite-strings -Wconversion -Werror -Wno-format-truncation
# (A text for people that is too long is cut, on purpose; how much of that gcc notices depends
# on the flavour.)
BASE := -std=gnu11 -D_GNU_SOURCE $(WARN) -g

CFLAGS_release  := -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
LDFLAGS_release := -pie -Wl,-z,relro,-z,now
CFLAGS_asan     := -O1 -fno-omit-frame-pointer -fsanitize=address,undefined \
                   -fno-sanitize-recover=all
LDFLAGS_asan    := -fsanitize=address,undefined
CFLAGS_tsan     := -O1 -fno-omit-frame-pointer -fsanitize=thread
LDFLAGS_tsan    := -fsanitize=thread
CFLAGS_fuzz     := -O1 -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined \
                   -fno-sanitize-recover=all -Wno-error
LDFLAGS_fuzz    := -fsanitize=fuzzer,address,undefined
CC_fuzz         := $(FUZZ_CC)
compiler = $(or $(CC_$1),$(CC))

# What the assembler puts there is not seen by who optimises while linking, as packages may.
OWN_hazards_built_in.c := -fno-lto

# The fence. For quotes only, so that <spawn.h> stays the system's.
QUOTES_tests := $(addprefix -iquote ,$(sort $(patsubst %/,%,$(dir $(wildcard tests/*/*.h)))))
quotes_of = $(addprefix -iquote ,$(call rooms_of,$1)) $(if $(filter tests/%,$1),$(QUOTES_tests))

# Libraries by the names that deploy/libraries gives them, which asks pkg-config: once for each,
# when something is compiled or linked that needs them, for `make deps` may have to come first.
LIBRARIES      := nng msgpack sodium curl jansson inih archive systemd sqlite3 microhttpd
LIBRARIES_test := cmocka gnutls $(LIBRARIES)
ask  = $(eval $1 := $(shell deploy/libraries $2))$(if $(filter 0,$(.SHELLSTATUS)),$($1),$(error \
         a library is missing))
libs = $(foreach l,$1,$(LIB_$l))
$(foreach l,$(LIBRARIES_test),$(eval LIB_$l = $$(call ask,LIB_$l,libs $l)))
LIB_CFLAGS      = $(call ask,LIB_CFLAGS,cflags $(LIBRARIES))
LIB_CFLAGS_test = $(call ask,LIB_CFLAGS_test,cflags $(LIBRARIES_test))
lib_cflags      = $(if $(filter tests/%,$1),$(LIB_CFLAGS_test),$(LIB_CFLAGS))

# --as-needed: each program gets only the libraries it uses.
LIBS      = $(call libs,$(LIBRARIES)) -lpthread
LIBS_test = $(call libs,$(LIBRARIES_test)) -ldl -lm -lpthread
LINK     := -Wl,--as-needed

# ---- rules of one flavour ----

object  = $(patsubst %.c,$(BUILD)/$1/obj/%.o,$2)
archive = $(BUILD)/$1/lib$(subst /,-,$2).a
archives_of = $(foreach r,$(if $(filter tests/%,$2),fixture sim) $(call rooms_of,$2),\
                $(call archive,$1,$r))

# $(call link,flavour,libraries)
link = $(call compiler,$1) $(LDFLAGS_$1) $(LDFLAGS) $(LINK) -o $$@ $$(filter %.o,$$^) \
       -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group $2

define room_rules
$(call archive,$1,$2): $(call object,$1,$(SRC_$2)) $(BUILD)/$1/list/$2
	$$(call say,AR,$$@)
	$(Q)rm -f $$@ && ar rcsD $$@ $$(filter %.o,$$^)

# A source that went away must leave the archive too.
$(BUILD)/$1/list/$2: FORCE
	@mkdir -p $$(@D); echo '$(SRC_$2)' | cmp -s - $$@ || echo '$(SRC_$2)' >$$@
endef

define program_rules
$(BUILD)/$1/$2: $(call object,$1,$3) $(call archives_of,$1,$3)
	$$(call say,LD,$$@)
	$(Q)mkdir -p $$(@D)
	$(Q)$(call link,$1,$(if $(filter tests,$(firstword $(subst /, ,$3))),$$(LIBS_test),$$(LIBS)))
endef

define flavour_rules
$(BUILD)/$1/obj/%.o: %.c Makefile
	$$(call say,CC,$$@)
	$(Q)mkdir -p $$(@D)
	$(Q)$(call compiler,$1) $(BASE) $(CFLAGS_$1) $(CFLAGS) $$(OWN_$$(<F)) $$(call quotes_of,$$<) \
	    $$(call lib_cflags,$$<) -MMD -MP -c -o $$@ $$<

$(foreach s,$(SRC_preload),
$(BUILD)/$1/tests/$(patsubst %.c,%.so,$(notdir $s)): $s Makefile
	$$(call say,SO,$$@)
	$(Q)mkdir -p $$(@D)
	$(Q)$(CC) $(BASE) -O2 $(call quotes_of,$s) -shared -fPIC -o $$@ $$< -ldl
)
$(foreach r,$(ROOMS) sim fixture,$(eval $(call room_rules,$1,$r)))
$(foreach p,$(PROGRAMS),$(eval $(call program_rules,$1,$p,$(MAIN_$p))))
$(foreach s,$(SRC_test),$(eval $(call program_rules,$1,tests/$(notdir $(basename $s)),$s)))
$(foreach s,$(SRC_tool),$(eval $(call program_rules,$1,tests/$(call tool_name,$s),$s)))
$(foreach s,$(SRC_fuzz),$(eval $(call program_rules,$1,tests/$(notdir $(basename $s)),$s)))
-include $(patsubst %.o,%.d,$(call object,$1,$(SRC_all)))
endef
$(foreach f,$(FLAVOURS),$(eval $(call flavour_rules,$f)))

# What the assembler puts into an object the compiler does not tell of.
$(foreach f,$(FLAVOURS),\
  $(eval $(call object,$f,coordinator/store/hazards_built_in.c): coordinator/plan/hazards.conf))

# Without libFuzzer a fuzz target is an ordinary program that replays files.
$(foreach f,release asan tsan,$(foreach z,$(FUZZERS),\
  $(eval $(BUILD)/$f/tests/$z: $(call object,$f,tests/fuzz/replay.c))))

# ---- what can be asked for ----

all: release ## the programs, release flavour (default)

in = $(addprefix $(BUILD)/$1/,$2)
libraries = $(foreach r,$(ROOMS),$(call archive,$1,$r))
release: $(call libraries,release) $(call in,release,$(PROGRAMS))
asan: $(call libraries,asan) $(call in,asan,$(PROGRAMS)) ## the same under sanitizers

tests-built: release asan pages \
	$(addprefix $(BUILD)/release/tests/,$(TOOLS) $(PRELOADS)) \
	$(addprefix $(BUILD)/asan/tests/,$(TESTS) $(FUZZERS) $(TOOLS)) \
	$(addprefix $(BUILD)/tsan/tests/,$(THREADED))

# What people wait for takes minutes. DEEP=1, as .ci/run has it, walks ten times as many worlds, ends
# programs before every effect and operation instead of every seventh one, and runs the long scripts,
# too (tests/run). A program walks at most 20,000 worlds: then it has time enough until its deadline.
DEEP        ?=
WORLDS      ?= $(if $(DEEP),20000,10000)
WORLDS_FROM := $(if $(DEEP),1 20001 40001 60001 80001,1)
WORLDS_ASAN ?= $(if $(DEEP),5000,1000)
CRASH_EVERY ?= $(if $(DEEP),1,7)
RUN := $(foreach z,$(FUZZERS),'$(BUILD)/asan/tests/$z tests/fuzz/corpus/$(patsubst fuzz_%,%,$z)') \
       $(if $(filter worlds,$(TOOLS)),\
         $(WORLDS_FROM:%='$(BUILD)/release/tests/worlds --worlds $(WORLDS) --from %') \
         '$(BUILD)/asan/tests/worlds --worlds $(WORLDS_ASAN)') \
       $(sort $(filter-out tests/lint/%,$(wildcard tests/*/*.test)) \
              $(filter-out tests/e2e/lib_%,$(wildcard tests/e2e/*.sh))) \
       $(addprefix $(BUILD)/tsan/tests/,$(THREADED)) \
       $(addprefix $(BUILD)/asan/tests/,$(TESTS))

# Packages first, then the build, then the tests: three steps even under -j.
test: ## all tests: installs what is missing, builds, runs (ONLY=pattern: a part; DEEP=1: longer)
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory tests-built
	@CARAVAN_ROOT='$(CURDIR)' CARAVAN_BUILD='$(abspath $(BUILD))' ONLY='$(ONLY)' \
	    DEEP='$(DEEP)' CRASH_EVERY='$(CRASH_EVERY)' $(BASH) tests/run $(RUN)

lint: compile_commands.json release ## the ladder of rooms, symbols, budgets, format, spelling, static checks
	-@$(BASH) deploy/install-deps lint
	@CARAVAN_ROOT='$(CURDIR)' $(BASH) tests/lint/ladder
	@CARAVAN_ROOT='$(CURDIR)' CARAVAN_BUILD='$(abspath $(BUILD))' $(BASH) tests/run \
	    $(wildcard tests/lint/*.test)

fuzz: $(addprefix $(BUILD)/fuzz/tests/,$(FUZZERS)) ## explore: each target for FUZZ_SECONDS
	@BUILD='$(BUILD)/fuzz/tests' SECONDS_EACH='$(FUZZ_SECONDS)' $(BASH) tests/fuzz/explore \
	    $(FUZZERS)

worlds: $(BUILD)/release/tests/worlds ## random worlds alone (WORLDS=n)
	$(BUILD)/release/tests/worlds --worlds $(WORLDS)

# A script of its folder that stands for a target; says so while it is not there.
script = @[ -x $1 ] || { echo '$1 is not there yet' >&2; exit 1; }; \
         CARAVAN_ROOT='$(CURDIR)' CARAVAN_BUILD='$(abspath $(BUILD))' exec $1
demo: ## a cluster on loopback, upgraded before your eyes
	@$(BASH) deploy/install-deps demo
	@$(MAKE) --no-print-directory release $(call in,release,tests/nomad)
	$(call script,deploy/demo/demo)
bench: tests-built ## figures, each with its yardstick
	$(call script,tests/bench/run)
lab: ## scenarios on hosts with a systemd of their own; root (SCENARIO=name: one)
	@CARAVAN_BUILD='$(abspath $(BUILD))' SCENARIO='$(SCENARIO)' exec tests/lab/run
HOST ?= s1
lab-shell: ## a shell on a host of the lab (HOST=s1, c1, coord, ...)
	@CARAVAN_BUILD='$(abspath $(BUILD))' exec tests/lab/run --shell '$(HOST)'
bench-host: ## figures that need hosts: Nomad's silence, memory of the three programs
	@CARAVAN_BUILD='$(abspath $(BUILD))' exec tests/lab/run --bench
fresh: ## demo and test on minimal machines of Debian 12 and 13; root (FRESH=13:demo:root: a part)
	@CARAVAN_BUILD='$(abspath $(BUILD))' FRESH='$(FRESH)' exec tests/fresh/run
lab-built: release deb $(call in,release,$(addprefix tests/,nomad depot watcher wire inside))
mutants: ## planted defects: each must be caught
	$(call script,tests/worlds/run-mutants)

deps: ## installs the Debian packages that are missing
	@$(BASH) deploy/install-deps test

# Quoted, for a folder may have a space in its name.
SHARE := '$(DESTDIR)$(PREFIX)'
UNITDIR ?= $(PREFIX)/lib/systemd/system
PAGES   := $(BUILD)/pages
# Manual pages, completion, example configuration, instance units: from the programs' tables.
pages: $(PAGES)/done
$(PAGES)/done: $(call in,release,$(PROGRAMS)) common/log.c deploy/make-pages \
               $(wildcard deploy/man/* deploy/completion/* deploy/catalog/* deploy/units/*)
	$(call say,PAGES,$(PAGES))
	$(Q)$(BASH) deploy/make-pages $(BUILD)/release $(PAGES) && touch $@

# What each package holds is its own target's; packages put nothing elsewhere. /etc is the
# operator's: there, only packages install a configuration, which know how to keep his.
SHARED := $(SHARE)/share
install: install-coordinator install-agent ## DESTDIR= PREFIX=/usr UNITDIR=
install-coordinator: release pages
	install -D -m 755 $(BUILD)/release/caravan $(SHARE)/bin/caravan
	install -D -m 644 $(PAGES)/man/caravan.1 $(SHARED)/man/man1/caravan.1
	install -D -m 644 $(PAGES)/man/caravan.conf.5 $(SHARED)/man/man5/caravan.conf.5
	install -D -m 644 $(PAGES)/completion/caravan $(SHARED)/bash-completion/completions/caravan
	install -D -m 644 $(PAGES)/example/caravan.conf $(SHARED)/doc/caravan/examples/caravan.conf
	install -D -m 644 coordinator/plan/hazards.conf $(SHARED)/doc/caravan/examples/hazards.conf
	install -d $(SHARED)/caravan/hazards.d
	install -m 644 deploy/keys/hashicorp.asc $(SHARED)/caravan/
install-agent: release pages
	install -d '$(DESTDIR)$(UNITDIR)' $(SHARED)/man/man5 $(SHARED)/man/man8 $(SHARE)/lib/caravan
	install -m 755 $(call in,release,$(filter caravan-%,$(PROGRAMS))) $(SHARE)/lib/caravan/
	install -m 644 $(PAGES)/units/* '$(DESTDIR)$(UNITDIR)'/
	install -m 644 $(PAGES)/man/*.8 $(SHARED)/man/man8/
	install -m 644 $(PAGES)/man/agent.conf.5 $(SHARED)/man/man5/
	install -D -m 644 $(PAGES)/example/agent.conf $(SHARED)/doc/caravan-agent/examples/agent.conf
	install -D -m 644 deploy/keys/hashicorp.asc $(SHARED)/caravan-agent/hashicorp.asc
	install -D -m 644 $(PAGES)/catalog/caravan.catalog $(SHARE)/lib/systemd/catalog/caravan.catalog
	install -D -m 644 deploy/sysusers.conf $(SHARE)/lib/sysusers.d/caravan-agent.conf
	install -D -m 644 deploy/tmpfiles.conf $(SHARE)/lib/tmpfiles.d/caravan-agent.conf

DEB_VERSION ?=
deb: ## Debian packages, in build/deb (DEB_VERSION=: as another version, to upgrade to)
	@CARAVAN_CC='$(CC)' $(BASH) deploy/make-deb '$(BUILD)/deb/tree' '$(DEB_VERSION)'

rpm: ## RPM packages, in build/rpm/RPMS
	@CARAVAN_CC='$(CC)' $(BASH) deploy/make-rpm '$(BUILD)/rpm'
packages-test: deb rpm ## what is in the packages, lintian, rpmlint
	@CARAVAN_ROOT='$(CURDIR)' CARAVAN_BUILD='$(abspath $(BUILD))' $(BASH) tests/run \
	    tests/packages/debs tests/packages/rpms

comma := ,
compile_commands.json: Makefile FORCE ## for editors and clang-tidy
	@{ echo '['; sep=; \
	$(foreach r,$(ROOMS) tests,for s in $(filter $r/%,$(SRC_all)); do \
	  printf '%s{"directory":"%s","file":"%s","command":"%s"}\n' "$$sep" '$(CURDIR)' "$$s" \
	  "$(CC) $(BASE) $(call quotes_of,$r/x) -c $$s"; sep='$(comma)'; done;) echo ']'; } >$@

# For scripts that compile a source of their own: every room, in quotes.
quotes:
	@echo '$(addprefix -iquote ,$(ROOMS))'

help: ## this list
	@sed -n 's/^\([a-z_.-]*\):.*## /\1\t/p' Makefile | expand -t 24

clean: ## removes what was built
	rm -rf --one-file-system $(BUILD) compile_commands.json

FORCE:
.PHONY: all quotes release asan tests-built test lint fuzz worlds demo bench mutants deps install \
        deb lab lab-shell lab-built bench-host fresh help clean FORCE
