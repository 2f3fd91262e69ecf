#!/bin/sh
# Redis with two users and no other: Feast, which reads and writes values, and one that only looks at figures.
# The passwords come from the environment and are kept as digests.
set -eu
umask 077
digest() { printf %s "$1" | sha256sum | cut -d' ' -f1; }
cat > /tmp/users.acl <<END
user default off
user feast on #$(digest "$REDIS_PASSWORD") ~* &* +@read +@write +@connection +@transaction -@dangerous
user monitor on #$(digest "$REDIS_MONITOR_PASSWORD") +@connection +info +dbsize +config|get +client|list +slowlog|len +slowlog|get +latency
END
unset REDIS_PASSWORD REDIS_MONITOR_PASSWORD
exec redis-server --aclfile /tmp/users.acl --dir /data --bind 0.0.0.0 --protected-mode no --appendonly yes \
  --maxmemory 128mb --maxmemory-policy noeviction
