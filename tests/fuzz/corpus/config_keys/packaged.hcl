# Full configuration options can be found at https://example.org
data_dir  = "/opt/nomad/data"
bind_addr = "0.0.0.0"

server {
  # license_path is required for Enterprise
  #license_path = "/etc/nomad.d/license.hclic"
  enabled          = true
  bootstrap_expect = 3
  raft_boltdb { no_freelist_sync = true }
}

client {
  enabled = true
  servers = ["127.0.0.1", "${x("y")}"]
  meta { "a.b" = "c" }
}
