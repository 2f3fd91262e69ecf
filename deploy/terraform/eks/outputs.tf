output "kubeconfig_command" {
  description = "Writes the way to the cluster into ~/.kube/config."
  value       = "aws eks update-kubeconfig --name ${aws_eks_cluster.this.name} --region ${var.region}"
}

output "cluster_name" {
  value = aws_eks_cluster.this.name
}

output "store" {
  description = "TRAINYARD_STORE in deploy/kustomize/overlays/prod and deploy/helm/airflow.yaml."
  value       = "s3://${aws_s3_bucket.this.bucket}/store"
}

output "service_networks" {
  description = "Of S3's endpoint and the databases: the NetworkPolicies of deploy/kustomize/overlays/prod let pods reach these."
  value       = local.service_networks
}

output "service_subnet_ids" {
  description = "Where PostgreSQL and Redis belong."
  value       = [for subnet in aws_subnet.services : subnet.id]
}

output "pod_roles" {
  description = "Who may open the bucket, and as whom."
  value       = { for name, role in aws_iam_role.pods : name => role.arn }
}
