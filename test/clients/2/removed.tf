# What the change removes.
resource "launchdarkly_feature_flag" "json" {
  project_key    = launchdarkly_project.shop.key
  key            = "json"
  name           = "JSON"
  variation_type = "json"

  variations {
    name  = "One"
    value = jsonencode({ "foo" : "bar" })
  }
  variations {
    name  = "More"
    value = jsonencode({ "foos" : ["bar1", 2, null, { "deep" : true }] })
  }
  defaults {
    on_variation  = 1
    off_variation = 0
  }
}

resource "launchdarkly_access_token" "service" {
  name          = "Service"
  role          = "writer"
  service_token = true
}
