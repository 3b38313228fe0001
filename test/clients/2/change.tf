# The change: these arguments and blocks override those of first.tf.
resource "launchdarkly_project" "shop" {
  name = "Shop of many things"
  tags = ["terraform", "second"]

  default_client_side_availability {
    using_environment_id = false
    using_mobile_key     = true
  }
}

resource "launchdarkly_project" "plain" {
  environments {
    key              = "test"
    name             = "Tests"
    color            = "0f0f0f"
    secure_mode      = true
    require_comments = true
    tags             = ["changed"]
  }
  environments {
    key   = "added"
    name  = "Added"
    color = "123456"
  }
}

resource "launchdarkly_environment" "review" {
  name                 = "Reviews"
  color                = "00ff00"
  tags                 = ["terraform"]
  secure_mode          = false
  default_track_events = false
  default_ttl          = 0
  require_comments     = true
  confirm_changes      = false
  critical             = true

  approval_settings {
    can_review_own_request     = false
    can_apply_declined_changes = false
    min_num_approvals          = 1
    required_approval_tags     = ["approvals"]
  }
}

resource "launchdarkly_feature_flag" "basic" {
  name        = "Still basic"
  description = "It has one now"
  tags        = ["tagged"]
}

resource "launchdarkly_feature_flag" "materials" {
  name        = "Materials"
  description = ""
  temporary   = false
  tags        = []

  variations {
    value = "straw"
    name  = "Dry straw"
  }
  variations {
    value = "sticks"
    name  = "Sticks"
  }
  variations {
    value       = "bricks"
    description = "The strongest"
  }
  variations {
    value = "glass"
  }

  client_side_availability {
    using_environment_id = true
    using_mobile_key     = false
  }
  defaults {
    on_variation  = 3
    off_variation = 1
  }
  custom_properties {
    key   = "issue.tracker"
    name  = "Tickets"
    value = ["789"]
  }
}

resource "launchdarkly_feature_flag" "number" {
  archived = true
}

resource "launchdarkly_feature_flag_environment" "basic" {
  track_events = false

  fallthrough {
    rollout_weights = [50000, 50000]
  }
  off_variation = 1
}

resource "launchdarkly_feature_flag_environment" "materials" {
  on           = false
  track_events = false

  prerequisites {
    flag_key  = launchdarkly_feature_flag.basic.key
    variation = 1
  }
  targets {
    values    = ["user2"]
    variation = 3
  }
  context_targets {
    values       = ["accountX", "accountY"]
    variation    = 0
    context_kind = "account"
  }
  context_targets {
    values       = ["phone"]
    variation    = 3
    context_kind = "device"
  }
  rules {
    description = "those of one country"
    clauses {
      attribute = "country"
      op        = "in"
      values    = ["de", "at"]
    }
    variation = 3
  }
  rules {
    clauses {
      attribute    = "version"
      op           = "semVerLessThan"
      values       = ["2.0.0"]
      context_kind = "application"
    }
    rollout_weights = [0, 0, 0, 100000]
  }

  fallthrough {
    variation = 3
  }
  off_variation = 0
}

resource "launchdarkly_segment" "builders" {
  name        = "Masons"
  description = "Those who build well"
  tags        = ["people"]
  included    = ["pig2", "pig3"]
  excluded    = []

  included_contexts {
    values       = ["union"]
    context_kind = "account"
  }
  included_contexts {
    values       = ["crane"]
    context_kind = "device"
  }
  rules {
    clauses {
      attribute = "trade"
      op        = "startsWith"
      values    = ["mason"]
      negate    = true
    }
  }
}

resource "launchdarkly_segment" "empty" {
  included = ["pig1"]
}

resource "launchdarkly_access_token" "reader" {
  name = "Writer"
  role = "writer"
}
