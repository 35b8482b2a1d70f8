# First and only program of the virtual machine: what the scenarios need, then the scenarios.
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
modprobe hci_vhci
dbus-daemon --system --fork
/usr/libexec/bluetooth/bluetoothd --nodetach &

cd /checkout
PYTHONPATH=collector:/opt/packages PYTHONDONTWRITEBYTECODE=1 \
    python3 hardware/radio-vm/scenarios.py >/dev/ttyS1
echo o >/proc/sysrq-trigger
sleep 10
