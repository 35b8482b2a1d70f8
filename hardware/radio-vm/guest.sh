# First and only program of the virtual machine: what the scenarios need, then the scenarios.
mount -t proc proc /proc
for folder in /tmp /var/lib/bluetooth; do
    mount -t tmpfs tmpfs "$folder"
done
modprobe hci_vhci
mkdir -p /run/dbus
dbus-daemon --system --fork
/usr/libexec/bluetooth/bluetoothd --nodetach &

cd /run/checkout
PYTHONPATH=collector:/opt/packages PYTHONDONTWRITEBYTECODE=1 \
    python3 hardware/radio-vm/scenarios.py >/dev/ttyS1
sync
echo o >/proc/sysrq-trigger
sleep 10
