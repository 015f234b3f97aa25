#!/bin/sh
# apt-repository.sh PACKAGES KEY ADDRESS OUT: writes OUT, a signed repository that apt installs from, of the makima_*.deb in the folder PACKAGES.
#
# KEY is what signs: a key of this user's GnuPG by its id or mail address, or a file of a secret key as `gpg --export-secret-keys`
# writes it. ADDRESS is where OUT will be published, for makima.sources. The repository is flat: one list holds the packages of all
# architectures, and apt takes those of its own.
#
# The same packages, key, address and SOURCE_DATE_EPOCH (default: now) give the same bytes with a key of RSA or Ed25519.
set -eu
export LC_ALL=C.UTF-8 TZ=UTC

refuse() {
    echo "apt-repository.sh: $*" >&2
    exit 1
}

[ $# = 4 ] || refuse "it takes PACKAGES KEY ADDRESS OUT"
packages=$1 key=$2 address=${3%/} out=$(realpath -m "$4")
[ -n "$key" ] || refuse "no key: name one by KEY, as \"gpg --list-secret-keys\" does, or a file of one"
case $address in
*[[:space:]]*) refuse "the address \"$address\" has a space in it" ;;
http://?* | https://?* | file:/?*) ;;
*) refuse "the address \"$address\" is none: say by URL where the repository will be, as https://HOST/FOLDER" ;;
esac
# What stands there gives way to the new one.
[ ! -e "$out" ] || [ -f "$out/InRelease" ] || refuse "$out is there, and is no repository"
date=${SOURCE_DATE_EPOCH:-$(date +%s)}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
repository=$work/repository
mkdir "$repository"

# By gpg as this user has it; a key of a file comes into a ring that is gone afterwards.
if [ -f "$key" ]; then
    key=$(realpath "$key")
    GNUPGHOME=$work/gnupg
    export GNUPGHOME
    mkdir -m 700 "$GNUPGHOME"
    trap 'gpgconf --kill gpg-agent; rm -rf "$work"' EXIT
    gpg --quiet --batch --import "$key" || refuse "$key holds no key"
    key=$(gpg --list-secret-keys --with-colons | awk -F: '$1 == "fpr" { print $10; exit }')
    [ -n "$key" ] || refuse "the file holds no secret key: write it by \"gpg --export-secret-keys\""
fi
secret=$(gpg --list-secret-keys --with-colons "$key" 2> /dev/null) || refuse "no secret key \"$key\" is known to gpg here"
# A signature from before its key is none.
made=$(echo "$secret" | awk -F: '$1 == "sec" { print $6; exit }')
[ "$date" -ge "$made" ] || refuse "SOURCE_DATE_EPOCH ($date) is older than the key ($made): take a later one"

# The packages, in the order of their names.
find "$packages" -maxdepth 1 -name 'makima_*.deb' | sort > "$work/found"
[ -s "$work/found" ] || refuse "no makima_*.deb in $packages: build them with \"make deb\" and \"make deb-arm64\""
while read -r package; do
    [ "$(dpkg-deb --field "$package" Package)" = makima ] || refuse "$package is not a package of makima"
    cp "$package" "$repository/"
    chmod 644 "$repository/$(basename "$package")"
done < "$work/found"

cd "$repository"
for package in *.deb; do
    dpkg-scanpackages --multiversion "$package" > "$work/entry" 2> "$work/log" || refuse "$(tail -1 "$work/log")"
    # Of a lone file it writes the whole path.
    sed "s|^Filename: .*|Filename: ./$package|" "$work/entry" >> Packages
done
gzip --keep --no-name -9 Packages
xz --keep Packages

# The lists, by their sizes and sums.
architectures=$(sed -n 's/^Architecture: //p' Packages | sort -u | paste -s -d ' ')
{
    echo "Origin: makima"
    echo "Label: makima"
    echo "Suite: stable"
    echo "Date: $(date -R -d "@$date")"
    echo "Architectures: $architectures"
    echo "Description: makima for Debian 12 and 13"
    echo "SHA256:"
    for list in Packages Packages.gz Packages.xz; do
        printf ' %s %d %s\n' "$(sha256sum $list | cut -d ' ' -f 1)" "$(stat -c %s $list)" $list
    done
} > "$work/Release"
mv "$work/Release" Release

sign() { gpg --quiet --batch --yes --local-user "$key" --digest-algo SHA512 --faked-system-time "$date!" "$@"; }
sign --clearsign --output InRelease Release
sign --armor --detach-sign --output Release.gpg Release
gpg --quiet --batch --export-options export-minimal --export "$key" > makima.gpg
cat > makima.sources <<END
Types: deb
URIs: $address
Suites: ./
Signed-By: /etc/apt/keyrings/makima.gpg
END

# Whole or not at all.
mkdir -p "$(dirname "$out")"
rm -rf "$out.new"
mv "$repository" "$out.new"
rm -rf "$out"
mv "$out.new" "$out"
echo "$out: $(sed -n 's/^Version: //p' "$out/Packages" | sort -u | paste -s -d ' ') for $architectures, signed by $key"
