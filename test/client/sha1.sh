#!/usr/bin/env bash
# SHA-1 is the same by the processor's instructions and without them.
set -euo pipefail
"$(dirname "${BASH_SOURCE[0]}")/sha1"
