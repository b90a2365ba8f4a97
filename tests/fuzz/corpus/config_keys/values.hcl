region = "eu"
client {
 enabled = true
 host_volume "x" {
 path = "/srv/x"
 }
 drain_on_shutdown {
 }
}
tls {
 http = "1"
 ca_file = "${x}"
}
consul {
 ca_file = "/c"
}
