# Caravan: build, test, install. `make help` lists the targets.
#
# There is only this makefile; it is not recursive. A folder of sources is a room: all .c files in
# the folder belong to the room, and the room has an include path and an archive of its own.
# A flavour is a way to compile; each flavour has its folder in build/:
#
#   release  for installation
#   asan     with the address and undefined-behaviour sanitizers, for tests
#   tsan     with the thread sanitizer, for the tests of programs with threads
#   fuzz     with clang and libFuzzer, for `make fuzz`
#
# The name of a file in any folder under tests/ says what it is:
#   tests/*/test_X.c       a cmocka program; other .c files of tests/unit are fixtures
#   tests/fuzz/fuzz_X.c    a fuzz target; `make test` replays tests/fuzz/corpus/X/
#   tests/*/main_X.c       a program, build/<flavour>/tests/X
#   tests/*/preload_X.c    a shared object, build/<flavour>/tests/preload_X.so
#   tests/e2e/X.sh, tests/*/X.test    a script that prints TAP (lib_X.sh: a part of scripts)

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

# The ladder of rooms: each line names a room and the rooms it may include. The room may also
# include all that those rooms may include. No other header is on the room's include path, and no
# other archive is linked. `make lint` reads these lines, too.
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
# A room and all rooms it may include.
reach = $(sort $1 $(foreach r,$(MAY_$1),$(call reach,$r)))
# The rooms that a source may include: those of its folder. A test may include every room.
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
# -Wno-format-truncation: Caravan cuts texts for people that are too long, on purpose. Which of them
# gcc notices depends on the flavour.
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

# The assembler defines symbols in this file (.incbin). Link-time optimisation, which packages may
# turn on, does not see them.
OWN_hazards_built_in.c := -fno-lto

# Include paths keep the rooms apart. -iquote applies to "..." only, so <spawn.h> is the system's.
QUOTES_tests := $(addprefix -iquote ,$(sort $(patsubst %/,%,$(dir $(wildcard tests/*/*.h)))))
quotes_of = $(addprefix -iquote ,$(call rooms_of,$1)) $(if $(filter tests/%,$1),$(QUOTES_tests))

# Libraries by their names in deploy/libraries, which asks pkg-config. make calls it once for each
# library, and only when a rule needs that library, because `make deps` may have to run first.
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

# The list changes when a source is deleted: then the archive is made again without its object.
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

# The compiler's dependency files do not name a file that the assembler reads (.incbin).
$(foreach f,$(FLAVOURS),\
  $(eval $(call object,$f,coordinator/store/hazards_built_in.c): coordinator/plan/hazards.conf))

# Without libFuzzer a fuzz target is an ordinary program that replays files.
$(foreach f,release asan tsan,$(foreach z,$(FUZZERS),\
  $(eval $(BUILD)/$f/tests/$z: $(call object,$f,tests/fuzz/replay.c))))

# ---- targets ----

all: release ## build the programs, release flavour (default)

in = $(addprefix $(BUILD)/$1/,$2)
libraries = $(foreach r,$(ROOMS),$(call archive,$1,$r))
release: $(call libraries,release) $(call in,release,$(PROGRAMS))
asan: $(call libraries,asan) $(call in,asan,$(PROGRAMS)) ## build the programs with sanitizers

tests-built: release asan pages \
	$(addprefix $(BUILD)/release/tests/,$(TOOLS) $(PRELOADS)) \
	$(addprefix $(BUILD)/asan/tests/,$(TESTS) $(FUZZERS) $(TOOLS)) \
	$(addprefix $(BUILD)/tsan/tests/,$(THREADED))

# `make test` takes minutes. DEEP=1 (used by .ci/run) runs ten times as many worlds, kills programs
# before every effect and operation instead of every seventh one, and also runs the long scripts
# (tests/run). One program runs at most 20,000 worlds, because each program has a deadline.
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

# Packages first, then the build, then the tests: three steps in this order, also with -j.
test: ## install missing packages, build, run all tests (ONLY=pattern: some; DEEP=1: longer)
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory tests-built
	@CARAVAN_ROOT='$(CURDIR)' CARAVAN_BUILD='$(abspath $(BUILD))' ONLY='$(ONLY)' \
	    DEEP='$(DEEP)' CRASH_EVERY='$(CRASH_EVERY)' $(BASH) tests/run $(RUN)

lint: compile_commands.json release ## the ladder of rooms, symbols, budgets, format, spelling, static checks
	-@$(BASH) deploy/install-deps lint
	@CARAVAN_ROOT='$(CURDIR)' $(BASH) tests/lint/ladder
	@CARAVAN_ROOT='$(CURDIR)' CARAVAN_BUILD='$(abspath $(BUILD))' $(BASH) tests/run \
	    $(wildcard tests/lint/*.test)

fuzz: $(addprefix $(BUILD)/fuzz/tests/,$(FUZZERS)) ## search new inputs for every fuzz target (FUZZ_SECONDS=60)
	@BUILD='$(BUILD)/fuzz/tests' SECONDS_EACH='$(FUZZ_SECONDS)' $(BASH) tests/fuzz/explore \
	    $(FUZZERS)

worlds: $(BUILD)/release/tests/worlds ## run only the random worlds (WORLDS=5000: how many)
	$(BUILD)/release/tests/worlds --worlds $(WORLDS)

# Runs the script of a target; fails with a message if the script does not exist.
script = @[ -x $1 ] || { echo '$1 does not exist or is not executable' >&2; exit 1; }; \
         CARAVAN_ROOT='$(CURDIR)' CARAVAN_BUILD='$(abspath $(BUILD))' exec $1
demo: ## start a fleet on loopback and upgrade it; takes about a minute
	@$(BASH) deploy/install-deps demo
	@$(MAKE) --no-print-directory release $(call in,release,tests/nomad)
	$(call script,deploy/demo/demo)
bench: tests-built ## measure times and memory, each with a value to compare with
	$(call script,tests/bench/run)
lab: ## run scenarios on hosts with systemd; needs root (SCENARIO=name: one scenario)
	@CARAVAN_BUILD='$(abspath $(BUILD))' SCENARIO='$(SCENARIO)' exec tests/lab/run
HOST ?= s1
lab-shell: ## open a shell on a host of the lab (HOST=s1, c1, coord, ...)
	@CARAVAN_BUILD='$(abspath $(BUILD))' exec tests/lab/run --shell '$(HOST)'
bench-host: ## measure on hosts of the lab: Nomad's silence, memory of the programs; needs root
	@CARAVAN_BUILD='$(abspath $(BUILD))' exec tests/lab/run --bench
fresh: ## demo and tests on minimal Debian 12 and 13; needs root (FRESH=13:demo:root: one case)
	@CARAVAN_BUILD='$(abspath $(BUILD))' FRESH='$(FRESH)' exec tests/fresh/run
lab-built: release deb $(call in,release,$(addprefix tests/,nomad depot watcher wire inside))
mutants: ## plant defects; the random worlds must find each
	$(call script,tests/worlds/run-mutants)

deps: ## install missing Debian packages
	@$(BASH) deploy/install-deps test

# In quotes, because the name of a folder may contain a space.
SHARE := '$(DESTDIR)$(PREFIX)'
UNITDIR ?= $(PREFIX)/lib/systemd/system
PAGES   := $(BUILD)/pages
# Manual pages, completion, example configurations and instance units, made from the tables that the
# programs print.
pages: $(PAGES)/done
$(PAGES)/done: $(call in,release,$(PROGRAMS)) common/log.c deploy/make-pages \
               $(wildcard deploy/man/* deploy/completion/* deploy/catalog/* deploy/units/*)
	$(call say,PAGES,$(PAGES))
	$(Q)$(BASH) deploy/make-pages $(BUILD)/release $(PAGES) && touch $@

# One target for the files of each package. The targets install nothing into /etc: only the packages
# do so, because a package keeps a configuration that the operator has changed.
SHARED := $(SHARE)/share
install: install-coordinator install-agent ## install programs and pages (DESTDIR= PREFIX=/usr UNITDIR=)
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
deb: ## build the Debian packages in build/deb (DEB_VERSION=x: with another version)
	@CARAVAN_CC='$(CC)' $(BASH) deploy/make-deb '$(BUILD)/deb/tree' '$(DEB_VERSION)'

rpm: ## build the RPM packages in build/rpm/RPMS
	@CARAVAN_CC='$(CC)' $(BASH) deploy/make-rpm '$(BUILD)/rpm'
packages-test: deb rpm ## check the contents of the packages; lintian, rpmlint
	@CARAVAN_ROOT='$(CURDIR)' CARAVAN_BUILD='$(abspath $(BUILD))' $(BASH) tests/run \
	    tests/packages/debs tests/packages/rpms

comma := ,
compile_commands.json: Makefile FORCE ## write the compile commands for editors and clang-tidy
	@{ echo '['; sep=; \
	$(foreach r,$(ROOMS) tests,for s in $(filter $r/%,$(SRC_all)); do \
	  printf '%s{"directory":"%s","file":"%s","command":"%s"}\n' "$$sep" '$(CURDIR)' "$$s" \
	  "$(CC) $(BASE) $(call quotes_of,$r/x) -c $$s"; sep='$(comma)'; done;) echo ']'; } >$@

# Prints the include paths of all rooms, for scripts that compile a source of their own.
quotes:
	@echo '$(addprefix -iquote ,$(ROOMS))'

help: ## print this list
	@sed -n 's/^\([a-z_.-]*\):.*## /\1\t/p' Makefile | expand -t 24

clean: ## remove all built files
	rm -rf --one-file-system $(BUILD) compile_commands.json

FORCE:
.PHONY: all quotes release asan tests-built test lint fuzz worlds demo bench mutants deps install \
        deb lab lab-shell lab-built bench-host fresh help clean FORCE
