# EKS and not GKE: the store speaks S3, and here a pod's identity opens the bucket without any key. On GKE the S3
# interface of a bucket wants static HMAC keys.
terraform {
  required_version = ">= 1.10"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
  }
  # Where the state lies is told by `terraform init -backend-config=FILE`: backend.hcl.example.
  backend "s3" {}
}

provider "aws" {
  region = var.region
  default_tags {
    tags = {
      "trainyard:environment" = var.environment
      "trainyard:managed-by"  = "terraform"
    }
  }
}
