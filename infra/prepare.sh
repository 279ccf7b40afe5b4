#!/bin/sh
# Makes what the compose files for RomM take from files: secrets, and a configuration of RomM that turns netplay on.
# Leaves alone what is there. `sh infra/prepare.sh`
set -eu
cd "$(dirname "$0")"

mkdir -p secrets certificates romm/config romm/library
for name in netplay-internal-secret netplay-key-encryption-key netplay-admin-key \
  romm-auth-key romm-db-password romm-db-root-password; do
  [ -e "secrets/$name" ] && continue
  od -An -N32 -tx1 /dev/urandom | tr -d ' \n' > "secrets/$name"
  # Compose mounts it as it is, and the containers' user, number 1000, must read it.
  chmod 644 "secrets/$name"
  case "$name" in romm-*) only=" (for compose.romm.yaml only)" ;; *) only="" ;; esac
  echo "made secrets/$name$only"
done

if [ ! -e romm/config/config.yml ]; then
  cat > romm/config/config.yml << 'EOF'
emulatorjs:
  netplay:
    enabled: true
    # How players find each other through their routers. Behind strict ones a TURN server is needed as well:
    # { urls: 'turn:turn.example.org:3478', username: '…', credential: '…' }
    ice_servers:
      - urls: 'stun:stun.l.google.com:19302'
EOF
  echo 'made romm/config/config.yml (for compose.romm.yaml only: a RomM that runs has one of its own)'
fi
