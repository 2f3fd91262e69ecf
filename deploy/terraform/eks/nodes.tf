# The labels and taints that pipelines/resource_classes.toml names; tests/deploy/test_terraform.py compares them.
locals {
  gpu_taint = { key = "nvidia.com/gpu", value = "true", effect = "NO_SCHEDULE" }
  pools = {
    cpu = {
      instance_types = var.cpu_pool.instance_types
      min            = var.cpu_pool.min
      max            = var.cpu_pool.max
      capacity       = "ON_DEMAND"
      ami            = "AL2023_x86_64_STANDARD"
      disk_gib       = 100
      labels         = { "trainyard/node-pool" = "cpu" }
      taints         = []
    }
    gpu = {
      instance_types = var.gpu_pool.instance_types
      min            = 0
      max            = var.gpu_pool.max
      capacity       = "ON_DEMAND"
      ami            = "AL2023_x86_64_NVIDIA"
      disk_gib       = 200
      # By the second label the autoscaler knows that a new node has its GPU only once the device plugin runs.
      labels = { "trainyard/node-pool" = "gpu", "k8s.amazonaws.com/accelerator" = "nvidia" }
      taints = [local.gpu_taint]
    }
    gpu-spot = {
      instance_types = var.gpu_spot_pool.instance_types
      min            = 0
      max            = var.gpu_spot_pool.max
      capacity       = "SPOT"
      ami            = "AL2023_x86_64_NVIDIA"
      disk_gib       = 200
      labels         = { "trainyard/node-pool" = "gpu-spot", "k8s.amazonaws.com/accelerator" = "nvidia" }
      taints         = [local.gpu_taint, { key = "trainyard/spot", value = "true", effect = "NO_SCHEDULE" }]
    }
  }
  taint_effects = { NO_SCHEDULE = "NoSchedule" }
  # What the autoscaler cannot learn from a node where there is none: it reads it from the group's tags.
  hint = "k8s.io/cluster-autoscaler/node-template"
  hints = merge([for pool, settings in local.pools : merge(
    { for label, value in settings.labels : "${pool} ${label}" => { pool = pool, key = "${local.hint}/label/${label}", value = value } },
    { for taint in settings.taints : "${pool} taint ${taint.key}" => {
      pool  = pool
      key   = "${local.hint}/taint/${taint.key}"
      value = "${taint.value}:${local.taint_effects[taint.effect]}"
    } },
  )]...)
}

resource "aws_iam_role" "nodes" {
  name = "${local.name}-nodes"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy_attachment" "nodes" {
  for_each   = toset(["AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryPullOnly"])
  role       = aws_iam_role.nodes.name
  policy_arn = "arn:aws:iam::aws:policy/${each.key}"
}

resource "aws_launch_template" "nodes" {
  for_each = local.pools
  name     = "${local.name}-${each.key}"
  # One hop: the node itself, not its pods, which would get the node's rights.
  metadata_options {
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }
  block_device_mappings {
    device_name = "/dev/xvda"
    ebs {
      volume_size = each.value.disk_gib
      volume_type = "gp3"
      encrypted   = true
    }
  }
  tag_specifications {
    resource_type = "instance"
    tags          = { Name = "${local.name}-${each.key}", "trainyard:node-pool" = each.key }
  }
}

resource "aws_eks_node_group" "this" {
  for_each        = local.pools
  cluster_name    = aws_eks_cluster.this.name
  node_group_name = each.key
  node_role_arn   = aws_iam_role.nodes.arn
  subnet_ids      = [for subnet in aws_subnet.nodes : subnet.id]
  ami_type        = each.value.ami
  capacity_type   = each.value.capacity
  instance_types  = each.value.instance_types
  labels          = each.value.labels

  launch_template {
    id      = aws_launch_template.nodes[each.key].id
    version = aws_launch_template.nodes[each.key].latest_version
  }
  scaling_config {
    min_size     = each.value.min
    max_size     = each.value.max
    desired_size = each.value.min
  }
  dynamic "taint" {
    for_each = each.value.taints
    content {
      key    = taint.value.key
      value  = taint.value.value
      effect = taint.value.effect
    }
  }
  update_config {
    max_unavailable = 1
  }
  lifecycle {
    # The autoscaler's from then on.
    ignore_changes = [scaling_config[0].desired_size]
  }
  # Nodes that come up before the network add-on is there stay NotReady until it is.
  depends_on = [aws_iam_role_policy_attachment.nodes, aws_eks_addon.this["vpc-cni"]]
}

resource "aws_autoscaling_group_tag" "hints" {
  for_each               = local.hints
  autoscaling_group_name = aws_eks_node_group.this[each.value.pool].resources[0].autoscaling_groups[0].name
  tag {
    key                 = each.value.key
    value               = each.value.value
    propagate_at_launch = false
  }
}
