# EKS Pod Identity: whose pod may do what in the bucket, by namespace and service account. No key is made anywhere.
locals {
  # prefixes: what it may read and write. reads: what it may only read. A worker seals a person's answer in the store.
  identities = {
    steps              = { namespace = "trainyard", account = "trainyard-steps", prefixes = ["store"], reads = [] }
    mlflow             = { namespace = "mlflow", account = "mlflow", prefixes = ["mlflow"], reads = [] }
    airflow-worker     = { namespace = "airflow", account = "airflow-worker", prefixes = ["airflow-logs", "store"], reads = [] }
    airflow-triggerer  = { namespace = "airflow", account = "airflow-triggerer", prefixes = ["airflow-logs"], reads = ["store"] }
    airflow-scheduler  = { namespace = "airflow", account = "airflow-scheduler", prefixes = ["airflow-logs"], reads = [] }
    airflow-api-server = { namespace = "airflow", account = "airflow-api-server", prefixes = ["airflow-logs"], reads = ["store"] }
  }
}

data "aws_iam_policy_document" "pods" {
  statement {
    actions = ["sts:AssumeRole", "sts:TagSession"]
    principals {
      type        = "Service"
      identifiers = ["pods.eks.amazonaws.com"]
    }
    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [aws_eks_cluster.this.arn]
    }
  }
}

data "aws_iam_policy_document" "bucket" {
  for_each = local.identities
  statement {
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.this.arn]
    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = flatten([for prefix in concat(each.value.prefixes, each.value.reads) : [prefix, "${prefix}/*"]])
    }
  }
  statement {
    actions   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
    resources = [for prefix in each.value.prefixes : "${aws_s3_bucket.this.arn}/${prefix}/*"]
  }
  dynamic "statement" {
    for_each = each.value.reads
    content {
      actions   = ["s3:GetObject"]
      resources = ["${aws_s3_bucket.this.arn}/${statement.value}/*"]
    }
  }
  statement {
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [aws_kms_key.this.arn]
  }
}

resource "aws_iam_role" "pods" {
  for_each           = local.identities
  name               = "${local.name}-${each.key}"
  assume_role_policy = data.aws_iam_policy_document.pods.json
}

resource "aws_iam_role_policy" "bucket" {
  for_each = local.identities
  name     = "bucket"
  role     = aws_iam_role.pods[each.key].id
  policy   = data.aws_iam_policy_document.bucket[each.key].json
}

resource "aws_eks_pod_identity_association" "pods" {
  for_each        = local.identities
  cluster_name    = aws_eks_cluster.this.name
  namespace       = each.value.namespace
  service_account = each.value.account
  role_arn        = aws_iam_role.pods[each.key].arn
}

# The autoscaler, which comes by its own chart: docs/kubernetes.md.
data "aws_iam_policy_document" "autoscaler" {
  #checkov:skip=CKV_AWS_356: what only describes knows no resource; what changes is bound to this cluster's groups.
  statement {
    actions = [
      "autoscaling:DescribeAutoScalingGroups",
      "autoscaling:DescribeAutoScalingInstances",
      "autoscaling:DescribeLaunchConfigurations",
      "autoscaling:DescribeScalingActivities",
      "autoscaling:DescribeTags",
      "ec2:DescribeImages",
      "ec2:DescribeInstanceTypes",
      "ec2:DescribeLaunchTemplateVersions",
      "ec2:GetInstanceTypesFromInstanceRequirements",
    ]
    resources = ["*"]
  }
  statement {
    actions   = ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"]
    resources = ["*"]
    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/k8s.io/cluster-autoscaler/${local.name}"
      values   = ["owned"]
    }
  }
  statement {
    actions   = ["eks:DescribeNodegroup"]
    resources = [for pool in aws_eks_node_group.this : pool.arn]
  }
}

resource "aws_iam_role" "autoscaler" {
  name               = "${local.name}-autoscaler"
  assume_role_policy = data.aws_iam_policy_document.pods.json
}

resource "aws_iam_role_policy" "autoscaler" {
  name   = "node-groups"
  role   = aws_iam_role.autoscaler.id
  policy = data.aws_iam_policy_document.autoscaler.json
}

resource "aws_eks_pod_identity_association" "autoscaler" {
  cluster_name    = aws_eks_cluster.this.name
  namespace       = "kube-system"
  service_account = "cluster-autoscaler"
  role_arn        = aws_iam_role.autoscaler.arn
}
