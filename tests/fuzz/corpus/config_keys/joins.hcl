server {
  retry_join = ["10.0.0.1", "10.0.0.1", 7, "provider=aws a=\"b"]
  server_join { start_join = ["[::1]:4648",] }
}
client { servers = [["a"], "b, c", <<E
x
E
] }
