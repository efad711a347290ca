"""What every server here has in common."""

# The role and the database that the URLs name.
NAME = "evento"

# The default collation does not sort by bytes, as on many servers in production: a missing COLLATE "C" shows.
INITDB_OPTIONS = [
    "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu",
    "--icu-locale=en-US",
]

SETTINGS = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "wal_level": "replica",
    "log_line_prefix": "%m [%p] %a ",
    "log_lock_waits": "on",
}
