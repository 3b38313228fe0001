# The resources, in the attributes of the provider's version 3.
terraform {
  required_providers {
    launchdarkly = { source = "launchdarkly/launchdarkly" }
  }
}

provider "launchdarkly" {}

resource "launchdarkly_project" "shop" {
  key  = "shop"
  name = "Shop"
  tags = ["terraform", "first"]

  default_client_side_availability = {
    using_environment_id = true
    using_mobile_key     = false
  }

  environments = {
    "production" = {
      name  = "Production"
      color = "EEEEEE"
      tags  = ["live"]
    }
    "staging" = {
      name             = "Staging"
      color            = "000000"
      require_comments = true
    }
  }

  lifecycle {
    ignore_changes = [environments]
  }
}

resource "launchdarkly_project" "plain" {
  key  = "plain"
  name = "Plain"

  environments = {
    "test" = {
      name  = "Test"
      color = "0f0f0f"
    }
    "extra" = {
      name  = "Extra"
      color = "f0f0f0"
    }
  }
}

resource "launchdarkly_environment" "review" {
  project_key          = launchdarkly_project.shop.key
  key                  = "review"
  name                 = "Review"
  color                = "ff00ff"
  tags                 = ["terraform", "review"]
  secure_mode          = true
  default_track_events = true
  default_ttl          = 5
  confirm_changes      = true

  approval_settings = {
    required               = true
    can_review_own_request = true
    min_num_approvals      = 2
  }
}

resource "launchdarkly_feature_flag" "basic" {
  project_key    = launchdarkly_project.shop.key
  key            = "basic"
  name           = "Basic"
  variation_type = "boolean"
  variations = [
    {
      value = "true"
    },
    {
      value = "false"
    },
  ]
}

resource "launchdarkly_feature_flag" "materials" {
  project_key    = launchdarkly_project.shop.key
  key            = "building-materials"
  name           = "Building materials"
  description    = "Of three little houses"
  variation_type = "string"
  temporary      = true
  tags           = ["terraform", "houses"]

  variations = [
    {
      value       = "straw"
      name        = "Straw"
      description = "Watch out for wind"
    },
    {
      value = "sticks"
      name  = "Sticks"
    },
    {
      value = "bricks"
    },
  ]

  client_side_availability = {
    using_environment_id = false
    using_mobile_key     = true
  }
  defaults = {
    on_variation  = 2
    off_variation = 0
  }
  custom_properties = {
    "issue.tracker" = {
      name  = "Issues"
      value = ["123", "456"]
    }
  }
}

resource "launchdarkly_feature_flag" "number" {
  project_key    = launchdarkly_project.shop.key
  key            = "number"
  name           = "Number"
  variation_type = "number"

  variations = [
    {
      value = 12.5
    },
    {
      value = 0
    },
  ]
}

resource "launchdarkly_feature_flag_environment" "basic" {
  flag_id = launchdarkly_feature_flag.basic.id
  env_key = launchdarkly_environment.review.key
  on      = true

  # The default of the environment.
  track_events = true

  rules = [
    {
      clauses = [
        {
          attribute = "segmentMatch"
          op        = "segmentMatch"
          values    = [launchdarkly_segment.builders.key]
        },
      ]
      variation = 0
    },
  ]
  fallthrough = {
    variation = 1
  }
  off_variation = 0
}

resource "launchdarkly_feature_flag_environment" "materials" {
  flag_id      = launchdarkly_feature_flag.materials.id
  env_key      = launchdarkly_environment.review.key
  on           = true
  track_events = true

  prerequisites = [
    {
      flag_key  = launchdarkly_feature_flag.basic.key
      variation = 0
    },
  ]
  targets = [
    {
      values    = ["user0"]
      variation = 0
    },
    {
      values    = ["user1", "user2"]
      variation = 1
    },
  ]
  context_targets = [
    {
      values       = ["accountX"]
      variation    = 1
      context_kind = "account"
    },
  ]
  rules = [
    {
      description = "every operator"
      clauses = [
        {
          attribute = "username"
          op        = "in"
          values    = ["henrietta powell", "wally waterbear"]
        },
        {
          attribute = "username"
          op        = "endsWith"
          values    = ["powell", "waterbear"]
          negate    = true
        },
        {
          attribute = "username"
          op        = "startsWith"
          values    = ["henrietta", "wally"]
        },
        {
          attribute = "username"
          op        = "matches"
          values    = ["henr.*"]
        },
        {
          attribute = "username"
          op        = "contains"
          values    = ["water"]
        },
        {
          attribute  = "visits"
          op         = "lessThan"
          value_type = "number"
          values     = [100]
        },
        {
          attribute  = "visits"
          op         = "greaterThanOrEqual"
          value_type = "number"
          values     = [2.5]
        },
        {
          attribute  = "beta"
          op         = "in"
          value_type = "boolean"
          values     = [true]
        },
        {
          attribute = "created"
          op        = "before"
          values    = ["2024-05-03T15:57:30Z"]
        },
        {
          attribute    = "version"
          op           = "semVerGreaterThan"
          values       = ["1.0.0"]
          context_kind = "application"
        },
      ]
      rollout_weights = [40000, 50000, 10000]
      bucket_by       = "country"
      context_kind    = "account"
    },
    {
      clauses = [
        {
          attribute = "country"
          op        = "in"
          values    = ["de"]
        },
      ]
      variation = 2
    },
  ]

  fallthrough = {
    rollout_weights = [60000, 40000, 0]
    context_kind    = "account"
    bucket_by       = "accountId"
  }
  off_variation = 2
}

resource "launchdarkly_segment" "builders" {
  project_key = launchdarkly_project.shop.key
  env_key     = launchdarkly_environment.review.key
  key         = "builders"
  name        = "Builders"
  description = "Those who build"
  tags        = ["terraform", "people"]
  included    = ["pig1", "pig2"]
  excluded    = ["wolf"]

  included_contexts = [
    {
      values       = ["guild", "union"]
      context_kind = "account"
    },
  ]
  excluded_contexts = [
    {
      values       = ["pack"]
      context_kind = "account"
    },
  ]
  rules = [
    {
      clauses = [
        {
          attribute = "trade"
          op        = "in"
          values    = ["mason", "thatcher"]
        },
        {
          attribute    = "founded"
          op           = "before"
          values       = ["1933-05-27T00:00:00Z"]
          negate       = true
          context_kind = "account"
        },
      ]
      weight               = 50000
      bucket_by            = "country"
      rollout_context_kind = "account"
    },
    {
      clauses = [
        {
          attribute  = "houses"
          op         = "greaterThan"
          value_type = "number"
          values     = [2]
        },
      ]
    },
  ]
}

resource "launchdarkly_segment" "empty" {
  project_key = launchdarkly_project.shop.key
  env_key     = launchdarkly_environment.review.key
  key         = "empty"
  name        = "Empty"
}

resource "launchdarkly_access_token" "reader" {
  name = "Reader"
  role = "reader"
}

# What is read, and stands in no plan.
data "launchdarkly_project" "shop" {
  key = launchdarkly_project.shop.key
}

data "launchdarkly_environment" "review" {
  project_key = launchdarkly_project.shop.key
  key         = launchdarkly_environment.review.key
}

data "launchdarkly_feature_flag" "materials" {
  project_key = launchdarkly_project.shop.key
  key         = launchdarkly_feature_flag.materials.key
}

data "launchdarkly_feature_flag_environment" "materials" {
  flag_id = launchdarkly_feature_flag.materials.id
  env_key = launchdarkly_feature_flag_environment.materials.env_key
}

data "launchdarkly_segment" "builders" {
  project_key = launchdarkly_project.shop.key
  env_key     = launchdarkly_environment.review.key
  key         = launchdarkly_segment.builders.key
}

data "launchdarkly_team_member" "clients" {
  email = "clients@example.com"
}
