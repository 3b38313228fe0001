# shellcheck shell=bash
# Sourced by tests that need what may not be there. Not run by itself.

# A test that cannot run says why and ends with 77: run.sh counts it as skipped.
skip() { # why
	echo "skipped: $1"
	exit 77
}

# Packages of npm. Without npm or its registry the test is skipped; where continuous
# integration runs (CI=true) and npm is there, it fails: nobody reads what was skipped.
npm_packages() { # the directory, and the packages
	if ! command -v node >/dev/null || ! command -v npm >/dev/null; then skip "node and npm are not installed"; fi
	if ! timeout 120 npm install --prefix "$1" --ignore-scripts --no-audit --no-fund --fetch-retries 0 "${@:2}" >/dev/null 2>&1; then
		if [ "${CI:-}" = true ]; then
			echo "not ok - npm does not install ${*:2}"
			exit 1
		fi
		skip "npm does not install ${*:2}"
	fi
}
