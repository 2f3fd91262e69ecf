environment = "dev"
region      = "eu-central-1"
zones       = ["eu-central-1a", "eu-central-1b"]
bucket      = "example-trainyard-dev"

# Yours: the address from which you run kubectl, such as ["203.0.113.7/32"].
public_api_from = []

cpu_pool      = { instance_types = ["m7i.2xlarge"], min = 1, max = 3 }
gpu_pool      = { instance_types = ["g6.4xlarge"], max = 1 }
gpu_spot_pool = { instance_types = ["g6.4xlarge", "g5.4xlarge"], max = 1 }
