data "aws_caller_identity" "this" {}

# Of the bucket's objects and of Kubernetes' Secrets.
resource "aws_kms_key" "this" {
  description             = local.name
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "kms:*"
      Resource  = "*"
      Principal = { AWS = "arn:aws:iam::${data.aws_caller_identity.this.account_id}:root" }
      }, {
      # The flow logs are encrypted with it like all else in the bucket.
      Effect    = "Allow"
      Action    = ["kms:GenerateDataKey*", "kms:Decrypt", "kms:DescribeKey"]
      Resource  = "*"
      Principal = { Service = "delivery.logs.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.this.account_id } }
    }]
  })
}

resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_144: a copy in another region is a choice of cost and of law, not of this example.
  #checkov:skip=CKV_AWS_18: reads are in CloudTrail's data events, where an account has them on; a log beside it doubles them.
  #checkov:skip=CKV2_AWS_62: nothing listens to the bucket's events.
  bucket        = var.bucket
  force_destroy = false
}

# What a step overwrites by mistake can be brought back: docs/runbooks/lost-store.md.
resource "aws_s3_bucket_versioning" "this" {
  bucket = aws_s3_bucket.this.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id
  rule {
    bucket_key_enabled = true
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.this.arn
    }
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket                  = aws_s3_bucket.this.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_policy" "this" {
  bucket     = aws_s3_bucket.this.id
  depends_on = [aws_s3_bucket_public_access_block.this]
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OnlyOverTls"
      Effect    = "Deny"
      Action    = "s3:*"
      Principal = "*"
      Resource  = [aws_s3_bucket.this.arn, "${aws_s3_bucket.this.arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
      }, {
      # AWS writes the rejected connections of the VPC here.
      Sid       = "FlowLogs"
      Effect    = "Allow"
      Action    = "s3:PutObject"
      Principal = { Service = "delivery.logs.amazonaws.com" }
      Resource  = "${aws_s3_bucket.this.arn}/flow-logs/*"
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.this.account_id } }
      }, {
      Sid       = "FlowLogsAcl"
      Effect    = "Allow"
      Action    = "s3:GetBucketAcl"
      Principal = { Service = "delivery.logs.amazonaws.com" }
      Resource  = aws_s3_bucket.this.arn
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.this.account_id } }
    }]
  })
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  bucket     = aws_s3_bucket.this.id
  depends_on = [aws_s3_bucket_versioning.this]
  rule {
    id     = "unfinished-and-overwritten"
    status = "Enabled"
    filter {}
    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
    noncurrent_version_expiration {
      noncurrent_days = 90
    }
  }
  rule {
    id     = "logs"
    status = "Enabled"
    filter {
      prefix = "flow-logs/"
    }
    expiration {
      days = 30
    }
  }
  rule {
    # What steps left for their tasks, a file a pod; read only while the task lives.
    id     = "results"
    status = "Enabled"
    filter {
      prefix = "store/results/"
    }
    expiration {
      days = 30
    }
  }
}
