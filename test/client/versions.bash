# shellcheck shell=bash
# Sourced by what makes up versions of the extension, with PG_CONFIG and a directory in work: sets versions, where
# their files are, and program, a server that has them.
#
# Versions are files in the server's own directory. Nothing is written there: a server is
# found by where its program lies, so a copy of the program with copies of those files is a
# server with versions of its own. The rest of its tree are links.
bin=$("$PG_CONFIG" --bindir)
share=$("$PG_CONFIG" --sharedir)
libraries=$("$PG_CONFIG" --pkglibdir)
prefix=$bin
until [ "${share#"$prefix"/}" != "$share" ] && [ "${libraries#"$prefix"/}" != "$libraries" ]; do prefix=$(dirname "$prefix"); done
mkdir -p "$work/${bin#"$prefix"/}" "$work/${share#"$prefix"/}" "$(dirname "$work/${libraries#"$prefix"/}")"
cp "$bin/postgres" "$work/${bin#"$prefix"/}"
ln -s "$libraries" "$work/${libraries#"$prefix"/}"
for entry in "$share"/*; do
	if [ "${entry##*/}" != extension ]; then ln -s "$entry" "$work/${share#"$prefix"/}"; fi
done
cp -rL "$share/extension" "$work/${share#"$prefix"/}"
versions=$work/${share#"$prefix"/}/extension
program=$work/${bin#"$prefix"/}/postgres
