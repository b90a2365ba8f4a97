# lib_vendor.sh - a vendor of releases with a key of its own; sourced after lib_fleet.sh, or after
# lib_lab.sh. VENDOR_HOME is the directory of all its files (default $E2E).
#
#   needs_gpg                        skips the script if gpg is not installed
#   vendor_begin                     makes a key, and a directory $VENDOR with HashiCorp's layout
#   vendor_release VERSION BINARY    makes its zip for this architecture, SHA256SUMS and signature
#   vendor_trusted                   names the key in caravan.conf: [vendor] keyring

needs_gpg() {
    command -v gpg >/dev/null && command -v gpgv >/dev/null && command -v zip >/dev/null && return
    echo "ok 1 - $(basename "$0" .sh) # SKIP there is no gpg, gpgv or zip"
    echo "1..1"
    exit 0
}

vendor_gpg() {
    GNUPGHOME=$VENDOR_HOME/vendor-key gpg --batch --no-tty --quiet --pinentry-mode loopback --passphrase '' "$@" 2>>"$VENDOR_HOME/vendor.log"
}

vendor_begin() {
    VENDOR_HOME=${VENDOR_HOME:-$E2E} VENDOR=${VENDOR_HOME:-$E2E}/vendor
    mkdir -m 700 "$VENDOR_HOME/vendor-key" && mkdir "$VENDOR"
    vendor_gpg --quick-generate-key vendor@test ed25519 sign never || { echo "Bail out! gpg: $(tail -n 1 "$VENDOR_HOME/vendor.log")"; exit 1; }
    vendor_gpg --armor --export vendor@test >"$VENDOR_HOME/vendor.asc"
    VENDOR_KEY=$(vendor_gpg --with-colons --list-keys | awk -F: '/^fpr/ { print $10; exit }')
    GNUPGHOME=$VENDOR_HOME/vendor-key gpgconf --kill all
}

vendor_release() {
    local dir=$VENDOR/nomad/$1 zip=nomad_$1_linux_$ARCH.zip
    mkdir -p "$dir" "$VENDOR_HOME/zipped"
    cp "$2" "$VENDOR_HOME/zipped/nomad"
    (cd "$VENDOR_HOME/zipped" && rm -f "$dir/$zip" && zip -q "$dir/$zip" nomad)
    (cd "$dir" && sha256sum "$zip" >"nomad_$1_SHA256SUMS" && rm -f "nomad_$1_SHA256SUMS.sig")
    vendor_gpg --output "$dir/nomad_$1_SHA256SUMS.sig" --detach-sign "$dir/nomad_$1_SHA256SUMS"
    GNUPGHOME=$VENDOR_HOME/vendor-key gpgconf --kill all
}

vendor_trusted() {
    printf '\n[vendor]\nkeyring = %s\nkey_ids =\n' "$VENDOR_HOME/vendor.asc" >>"$E2E/config/caravan.conf"
}
