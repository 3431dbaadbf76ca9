"""What whoever trains is told of the version and the run, as variables. No I/O here."""

from ai2text.training_orchestrator.training_run import Run, outputs_prefix


def run_environment(run: Run, gateway_url: str, bucket: str) -> dict[str, str]:
    """No secrets: those are the installation's to give."""
    place = run.place
    return {
        "AI2TEXT_TENANT": place.tenant,
        "AI2TEXT_DATASET": place.name,
        "AI2TEXT_DATASET_VERSION": str(place.version),
        "AI2TEXT_DATASET_URL": f"{gateway_url.rstrip('/')}/v1/datasets/{place.name}/versions/{place.version}",
        "AI2TEXT_RUN": str(place.run),
        "AI2TEXT_OUTPUTS": f"s3://{bucket}/{outputs_prefix(place)}",
    }
