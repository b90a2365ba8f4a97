plugin "raw_exec" {
  config { enabled = true /* no_cgroups = true */ no_cgroups = false }
}
template = <<-END
  vault { token = "x" } # }
  END
telemetry { disable_tagged_metrics = "true" // old
}
