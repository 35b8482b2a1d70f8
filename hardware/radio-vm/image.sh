# Runs in the unpacked Debian, on the computer that builds it: /packed becomes all of the machine.
# Nothing was installed, only unpacked, so what packages would have set up themselves is done here.
set -e
/bin/busybox --install -s /bin
mkdir -p /dev /proc /run/dbus /sys /tmp /var/lib/bluetooth
ln -s /run /var/run
printf 'root:x:0:0::/:/bin/sh\nmessagebus:x:1:1::/:/bin/sh\n' >/etc/passwd
printf 'root:x:0:\nmessagebus:x:1:\nbluetooth:x:2:\n' >/etc/group

# Of the kernel's modules only Bluetooth, its virtual adapter and what they count with.
cd /lib/modules/*
release=$(basename "$PWD")
mkdir few
tar -c -f - kernel/net/bluetooth kernel/net/rfkill kernel/drivers/bluetooth/hci_vhci.ko \
    kernel/crypto kernel/arch/x86/crypto kernel/lib | tar -x -f - -C few
rm -r kernel
mv few/kernel .
rmdir few
depmod "$release"

# Unpacking the kernel, compiling: the emulated processor would take ten times as long.
python3 - /boot/vmlinuz-* /vmlinux <<'END'
import lzma
import sys
from pathlib import Path

whole = Path(sys.argv[1]).read_bytes()
kernel = lzma.LZMADecompressor().decompress(whole[whole.index(b"\xfd7zXZ\0") :])
Path(sys.argv[2]).write_bytes(kernel)
END
python3 -m compileall -q /usr/lib/python3 /usr/lib/python3.11 /opt/packages

cd /
find . -xdev \( -path ./packed -o -path ./vmlinux -o -path ./image.sh -o -path ./boot \
    -o -path ./var/cache -o -path ./var/lib/apt -o -path ./var/lib/dpkg -o -path ./lib/udev \
    -o -path './usr/share/[!d]*' -o -path ./usr/share/doc -o -name 'perl*' -o -name 'libperl*' \
    -o -name gconv \) -prune -o -print | cpio -o -H newc >/packed
