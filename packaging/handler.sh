# handler.sh, to be sourced: the kernel hands programs for arm64 to QEMU, so that they run and start each other in a chroot. As root.
# shellcheck shell=bash

handler=/proc/sys/fs/binfmt_misc
registered=

# The kernel looks at the first bytes of a program, and opens QEMU at once, so that a chroot needs none.
hand_to_qemu() {
    [ -e "$handler/status" ] || mount -t binfmt_misc none "$handler"
    ! grep -qs aarch64 "$handler"/* || return 0
    printf '%s' ':makima-arm64:M::\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:'"$(command -v qemu-aarch64-static):F" \
        > "$handler/register"
    registered=yes
}

# What hand_to_qemu did, undone.
take_from_qemu() {
    [ -z "$registered" ] || echo -1 > "$handler/makima-arm64"
    registered=
}
