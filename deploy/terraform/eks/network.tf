locals {
  name  = "trainyard-${var.environment}"
  zones = { for index, zone in var.zones : zone => index }
  # Nodes and pods: a /20 a zone. Public: NAT gateways alone. Services: what pods may reach, in one /22, so that a
  # NetworkPolicy can name it.
  node_networks    = { for zone, index in local.zones : zone => cidrsubnet(var.network, 4, index) }
  public_networks  = { for zone, index in local.zones : zone => cidrsubnet(var.network, 8, 192 + index) }
  service_networks = { for zone, index in local.zones : zone => cidrsubnet(var.network, 8, 224 + index) }
  nat_zones        = var.nat_per_zone ? toset(var.zones) : toset([var.zones[0]])
}

resource "aws_vpc" "this" {
  cidr_block           = var.network
  enable_dns_hostnames = true
  tags                 = { Name = local.name }
}

# Of no rule: what names no group of its own reaches nothing.
resource "aws_default_security_group" "none" {
  vpc_id = aws_vpc.this.id
}

resource "aws_flow_log" "this" {
  vpc_id                   = aws_vpc.this.id
  traffic_type             = "REJECT"
  log_destination_type     = "s3"
  log_destination          = "${aws_s3_bucket.this.arn}/flow-logs"
  max_aggregation_interval = 600
}

resource "aws_subnet" "nodes" {
  for_each          = local.node_networks
  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = each.value
  tags              = { Name = "${local.name}-nodes-${each.key}", "kubernetes.io/role/internal-elb" = "1" }
}

resource "aws_subnet" "public" {
  for_each          = local.public_networks
  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = each.value
  tags              = { Name = "${local.name}-public-${each.key}" }
}

# For the endpoints below, and for PostgreSQL and Redis.
resource "aws_subnet" "services" {
  for_each          = local.service_networks
  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = each.value
  tags              = { Name = "${local.name}-services-${each.key}" }
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
}

resource "aws_eip" "nat" {
  for_each = local.nat_zones
  domain   = "vpc"
}

resource "aws_nat_gateway" "this" {
  for_each      = local.nat_zones
  allocation_id = aws_eip.nat[each.key].id
  subnet_id     = aws_subnet.public[each.key].id
  depends_on    = [aws_internet_gateway.this]
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.this.id
  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.this.id
  }
}

resource "aws_route_table_association" "public" {
  for_each       = aws_subnet.public
  subnet_id      = each.value.id
  route_table_id = aws_route_table.public.id
}

# Nodes fetch images from other registries; step pods are kept from the internet by their NetworkPolicy.
resource "aws_route_table" "nodes" {
  for_each = local.zones
  vpc_id   = aws_vpc.this.id
  route {
    cidr_block     = "0.0.0.0/0"
    nat_gateway_id = aws_nat_gateway.this[var.nat_per_zone ? each.key : var.zones[0]].id
  }
}

resource "aws_route_table_association" "nodes" {
  for_each       = aws_subnet.nodes
  subnet_id      = each.value.id
  route_table_id = aws_route_table.nodes[each.key].id
}

resource "aws_security_group" "endpoints" {
  name        = "${local.name}-endpoints"
  description = "S3 for what runs in the VPC"
  vpc_id      = aws_vpc.this.id
  ingress {
    description = "HTTPS from nodes and pods"
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = values(local.node_networks)
  }
}

# S3 under private addresses. The gateway kind would cost nothing, but leads to S3's public addresses: a NetworkPolicy
# that lets them through lets every bucket of the world through.
resource "aws_vpc_endpoint" "s3" {
  vpc_id              = aws_vpc.this.id
  service_name        = "com.amazonaws.${var.region}.s3"
  vpc_endpoint_type   = "Interface"
  subnet_ids          = [for subnet in aws_subnet.services : subnet.id]
  security_group_ids  = [aws_security_group.endpoints.id]
  private_dns_enabled = true
  dns_options {
    private_dns_only_for_inbound_resolver_endpoint = false
  }
}
