variable "environment" {
  description = "Part of every name: dev or prod."
  type        = string
  validation {
    condition     = contains(["dev", "prod"], var.environment)
    error_message = "environment must be dev or prod."
  }
}

variable "region" {
  type = string
}

variable "zones" {
  description = "Availability zones: two at least. GPUs are not to be had in every one."
  type        = list(string)
  validation {
    condition     = length(var.zones) >= 2 && length(var.zones) <= 3
    error_message = "Name two or three zones."
  }
}

variable "bucket" {
  description = "Of the store, MLflow's artifacts and Airflow's logs; its name is unique in the world."
  type        = string
}

variable "kubernetes_version" {
  type    = string
  default = "1.33"
}

variable "network" {
  description = "The VPC's addresses, a /16; deploy/kustomize/overlays/prod names the service subnets cut from it."
  type        = string
  default     = "10.40.0.0/16"
}

variable "public_api_from" {
  description = "Networks that may reach Kubernetes' API over the internet; none leaves it to the VPC alone."
  type        = list(string)
  default     = []
}

variable "nat_per_zone" {
  description = "One NAT gateway a zone, so that one may fail; otherwise a single one."
  type        = bool
  default     = false
}

variable "log_retention_days" {
  description = "Of the control plane's log."
  type        = number
  default     = 365
}

variable "cpu_pool" {
  description = "Airflow, MLflow and the steps without a GPU."
  type = object({
    instance_types = list(string)
    min            = number
    max            = number
  })
}

# A class with a GPU asks for 32 GiB beside what the node keeps for itself: 64 GiB in the instance.
variable "gpu_pool" {
  description = "The resource class gpu; grows from no node."
  type = object({
    instance_types = list(string)
    max            = number
  })
}

variable "gpu_spot_pool" {
  description = "The resource class gpu-spot; grows from no node. Several types, so that one is free at a low price."
  type = object({
    instance_types = list(string)
    max            = number
  })
}
