environment  = "prod"
region       = "eu-central-1"
zones        = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
bucket       = "example-trainyard-prod"
nat_per_zone = true

# Kubernetes' API inside the VPC alone: reach it over a VPN or a bastion.
public_api_from = []

cpu_pool      = { instance_types = ["m7i.2xlarge"], min = 3, max = 12 }
gpu_pool      = { instance_types = ["g6.4xlarge"], max = 4 }
gpu_spot_pool = { instance_types = ["g6.4xlarge", "g5.4xlarge"], max = 4 }
