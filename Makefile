# flagplane: PGXS, and targets that call the scripts in test/.
EXTENSION = flagplane
EXTVERSION = $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" flagplane.control)

MODULE_big = flagplane
OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c src/*/*.c src/*/*/*.c)))

# The pieces of the install script, in the order they are run in.
SCHEMA = src/schema/schemas.sql src/schema/types.sql src/schema/tables.sql src/schema/layers.sql src/schema/payload.sql \
	src/schema/segments.sql src/schema/functions.sql src/schema/assign.sql src/schema/evaluation.sql src/schema/variation.sql src/schema/sdk.sql src/schema/views.sql

DATA_built = flagplane--$(EXTVERSION).sql
# init makes the helpers that the others use.
REGRESS = init $(filter-out init,$(patsubst sql/%.sql,%,$(sort $(wildcard sql/*.sql))))
REGRESS_OPTS = --load-extension=btree_gist --load-extension=flagplane
ISOLATION = $(patsubst test/isolation/specs/%.spec,%,$(sort $(wildcard test/isolation/specs/*.spec)))
ISOLATION_OPTS = --inputdir=test/isolation --outputdir=output_iso --load-extension=btree_gist --load-extension=flagplane

# Tests expect the settings that they run with, whatever those of the server are.
TEST_OPTIONS = -c flagplane.rate_limits=off -c flagplane.rate_limit_period=1min -c flagplane.notify=off \
	-c flagplane.account=default -c flagplane.ingest_endpoint=https://in.layers.com/l/events \
	-c search_path=public -c bytea_output=hex -c extra_float_digits=1 -c quote_all_identifiers=off \
	-c default_transaction_isolation=read\ committed
installcheck: export PGOPTIONS := $(TEST_OPTIONS) $(PGOPTIONS)

SHLIB_LINK += $(filter -lm, $(LIBS))
EXTRA_CLEAN = flagplane--*.sql built_with

PG_CPPFLAGS = -I$(srcdir)/src -DFLAGPLANE_VERSION='"$(EXTVERSION)"'
ifdef WERROR
PG_CFLAGS = -Wall -Wextra -Werror -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers
endif

all:

# These set up the machine themselves, before there is a pg_config to ask.
SCRIPTED = demo test bench bench-load check-citus check-valgrind check-hostile check-ubsan check-clients
.PHONY: $(SCRIPTED)
$(SCRIPTED):
	@test/run.sh $@

ifeq ($(filter $(SCRIPTED),$(MAKECMDGOALS)),)
PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
ifeq ($(wildcard $(PGXS)),)
$(error PG_CONFIG is "$(PG_CONFIG)", which finds no PostgreSQL server to build for: \
install its development package, or name its pg_config with make PG_CONFIG=/path/to/pg_config)
endif
include $(PGXS)

# The library shows what src/exports.map lists. macOS' linker reads no version scripts, but
# looks each name up in the library that it was linked from.
EXPORTS = $(srcdir)/src/exports.map
ifneq ($(PORTNAME),darwin)
override SHLIB_LINK += -Wl,--version-script=$(EXPORTS)
endif
$(shlib): $(EXPORTS)

flagplane--$(EXTVERSION).sql: $(SCHEMA) flagplane.control
	{ printf '%s\n' '\echo Use "CREATE EXTENSION flagplane" to load this file. \quit'; cat $(addprefix $(srcdir)/,$(SCHEMA)); } > $@

# Every file sees every header: the whole compiles in seconds.
$(OBJS) $(OBJS:.o=.bc): $(wildcard src/*.h src/*/*.h src/*/*/*.h) built_with

# What the objects were built with; written when that is something else now.
BUILT_WITH = $(subst ',,$(VERSION) $(CC) $(CFLAGS) $(CPPFLAGS))
.PHONY: FORCE
built_with: FORCE
	@echo '$(BUILT_WITH)' | cmp -s - $@ || echo '$(BUILT_WITH)' >$@
endif
