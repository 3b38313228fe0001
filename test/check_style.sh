#!/usr/bin/env bash
#
# House rules that a machine can check. Each prints what breaks it.
set -euo pipefail
# The last part of a pipe is run here, so that what a rule finds is known at the end.
shopt -s lastpipe
cd "$(dirname "${BASH_SOURCE[0]}")/.."

bad=0
rule() { # a rule's name, and what breaks it on standard input
	local found
	found=$(cat)
	if [ -n "$found" ]; then
		printf '%s:\n%s\n' "$1" "$found"
		bad=1
	fi
}

sources=$(find src -name '*.[ch]' | sort)
pieces=$(find src/schema -name '*.sql' | sort)

# One table knows the codes and statuses.
grep -nE 'ERRCODE_|MAKE_SQLSTATE' $sources | grep -v '^src/util/error' |
	rule "a SQLSTATE outside of the table of errors" || true
# One file talks to SPI, one knows about versions.
grep -nE '\bSPI_' $sources | grep -v '^src/util/statement' | rule "SPI outside of statement.c" || true
grep -nE 'PG_VERSION_NUM' $sources | grep -v '^src/util/compat.h' | rule "a server version outside of compat.h" || true
# Columns are named: tables grow.
grep -niE 'SELECT \*' $sources $pieces | rule "SELECT *" || true
# An object that somebody else put there first must not be taken over.
grep -niE 'OR REPLACE|IF NOT EXISTS' $pieces | rule "not a plain CREATE" || true
# What is not done is an issue, not a comment.
git ls-files | grep -vE '^test/check_style.sh$|\.out$' | tr '\n' '\0' |
	xargs -0 grep -nE '\b(TODO|FIXME|XXX)\b' -- | rule "left to do" || true
git ls-files | grep -vE '\.out$' | tr '\n' '\0' | xargs -0 grep -nIE '[ 	]+$' -- |
	rule "white space at the end of a line" || true
# Plain English: the standard terms are API, response, lock, generated, invalid token.
private() { # words, and where they must not stand
	grep -rniE --include='*.[ch]' "(^|[^a-z])($1)([^a-z]|\$)" "${@:2}" || true
}
{
	private 'doors?|ground|foretold|voice|minted|minting|upkeep|twins?' src
	private 'strangers?|stretch|wire|take_over' src/call src/util src/admin src/evaluation
} | rule "a private word"
# Prose is read in an editor: lines of text are short. Tables and code keep theirs.
git ls-files '*.md' | tr '\n' '\0' | xargs -0 perl -CSD -ne '
	if ($. == 1) { $code = 0 }
	if (/^```/) { $code = !$code }
	elsif (!$code && !/^\||^    / && length > 120) { print "$ARGV:$.: ", length() - 1, " characters\n" }
	close ARGV if eof' |
	rule "a line of prose of 120 characters or more"
# Lines of the tests' SQL are short too, but for their literals, which say what a request is.
perl -CSD -0777 -ne '
	s/(--[^\n]*)|\x27((?:[^\x27]|\x27\x27)*)\x27|\$(\w*)\$[^\n]*?\$\3\$/defined $1 ? $1 : "\x27" . ($2 \/\/ "") =~ s{[^\n]}{}gr/ge;
	my $number = 0;
	for (split /\n/) { ++$number; print "$ARGV:$number: ", length, " characters of code\n" if length >= 160 }' sql/*.sql |
	rule "a line of SQL of 160 characters or more"
# A function of more lines does two things.
awk 'FNR == 1 { open = 0 }
	/^[a-z_][a-z0-9_]*\(/ { name = $1 }
	/^{/ { open = FNR }
	/^}/ { if (open && FNR - open > 61) print FILENAME ": " name " has " FNR - open - 1 " lines"; open = 0 }' $sources |
	rule "a function of more than 60 lines"
# The arrows run downwards: api and admin, operations, resource, call, util. What
# evaluates flags stands beside call and knows no table.
includes() { # a folder, and what it must not know
	grep -rnE --include='*.[ch]' "#include \"($2)" "src/$1" | rule "$1 includes upwards" || true
}
includes util '(api|admin|resource|call|evaluation)/|operations'
includes evaluation '(api|admin|resource|call)/|operations'
includes call '(api|admin|resource)/|operations'
includes resource '(api|admin)/|operations\.'
# What SQL calls says what it takes, returns and refuses, in a comment that begins with its name.
perl -0ne '
	while (/^(\/\*(?:(?!\*\/).)*\*\/\n)?Datum\n(flagplane_\w+)\(PG_FUNCTION_ARGS\)\n\{/gsm) {
		my ($comment, $name) = ($1 // "", $2);
		print "$ARGV: $name\n" unless $comment =~ /^\/\*\n \* \Q$name\E\b/;
	}' $sources | rule "a function for SQL without a comment that starts with its name"

# Under pipefail such a pipe fails now and then: who writes into it may find it closed.
grep -nE '[^|]\| *grep -[a-z]*[q]' test/*.sh test/*.bash test/client/*.sh test/client/*.bash test/bench/*.sh |
	rule "grep that ends at the first line, at the end of a pipe" || true

# Versions of the formatter disagree with each other, and it is too big to ask
# for: the format is checked where there is the one that made it.
if [[ $(clang-format --version 2>/dev/null) == *"version 14."* ]]; then
	clang-format --dry-run $sources test/client/*.[ch] 2>&1 | grep warning | head -20 |
		rule "format" || true
else
	echo "clang-format 14 is not installed: the format was not checked"
fi
exit "$bad"
