# an agent
datacenter = "dc1" // here
/* both
   of them */
server { enabled = true, n = -1.5e3 }
name = "${env("HOME")}-\"x\" ${{a}}"
plugin "raw exec" {
  config { text = <<-EOT
    # no comment { "
    EOT
  }
}
list = [1, "two", <<END
three
END
]
