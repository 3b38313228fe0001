# shellcheck shell=bash
# Sourced by run.sh: what the tests' results add up to.
passed=0
failed=0
skipped=0

# A test that ends with 77 could not run here, and has said why.
count() { # a result and its name
	case "$1" in
		0) passed=$((passed + 1)) ;;
		77)
			skipped=$((skipped + 1))
			echo "SKIPPED: $2"
			;;
		*)
			failed=$((failed + 1))
			echo "FAILED: $2"
			;;
	esac
}

# A test that ran may have left parts of itself out: each has said why.
count_parts() { # a name, and the file with what the test has said
	local part
	while IFS= read -r part; do count 77 "$1: $part"; done < <(sed -n 's/^skipped: //p' "$2")
}

summary() { echo "$passed passed, $failed failed, $skipped skipped"; }
