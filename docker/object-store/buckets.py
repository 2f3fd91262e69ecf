"""Make the buckets of the stack; those that are there stay as they are."""

import boto3

BUCKETS = ("trainyard", "mlflow")


def main() -> None:
    s3 = boto3.client("s3")
    there = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
    for bucket in BUCKETS:
        if bucket not in there:
            s3.create_bucket(Bucket=bucket)
        print(f"bucket {bucket}: {'is there' if bucket in there else 'made'}")


if __name__ == "__main__":
    main()
