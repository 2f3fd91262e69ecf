"""Airflow's settings for one machine, as AIRFLOW__SECTION__KEY variables."""

from embedded.home import REPO, Home
from embedded.settings import Settings


def environment(home: Home, settings: Settings, database_url: str, secrets: dict[str, str]) -> dict[str, str]:
    """Every setting of Airflow that is not its default here."""
    address = f"http://127.0.0.1:{settings.airflow_port}"
    sections = {
        "core": {
            "executor": "LocalExecutor",
            **dict.fromkeys(("parallelism", "default_pool_task_slot_count"), 4),
            "dags_folder": settings.dags,
            "plugins_folder": REPO / "plugins",
            "load_examples": False,
            "fernet_key": secrets["fernet_key"],
            "simple_auth_manager_users": settings.users,
            "simple_auth_manager_passwords_file": home.passwords_file,
            "execution_api_server_url": f"{address}/execution/",
            # The default asks a name server, which may take seconds to say that there is none.
            "hostname_callable": "socket.gethostname",
        },
        "database": {"sql_alchemy_conn": database_url},
        "api": {
            "host": "127.0.0.1",
            "port": settings.airflow_port,
            "base_url": address,
            "workers": 1,
            "secret_key": secrets["api_secret_key"],
        },
        "api_auth": {"jwt_secret": secrets["jwt_secret"]},
        "logging": {
            "worker_log_server_port": settings.worker_log_port,
            "trigger_log_server_port": settings.trigger_log_port,
            "colored_console_log": False,
        },
        "dag_processor": {"refresh_interval": 15, "parsing_processes": 1},
        **_recovery(),
    }
    variables = {
        f"AIRFLOW__{section.upper()}__{key.upper()}": str(value)
        for section, options in sections.items()
        for key, value in options.items()
    }
    return {"AIRFLOW_HOME": str(home.airflow), **variables}


def _recovery() -> dict[str, dict[str, float]]:
    """The waits that decide how soon the loop goes on after a process was killed, in seconds."""
    return {
        "scheduler": {
            "scheduler_idle_sleep_time": 0.1,
            "scheduler_heartbeat_sec": 3,
            "scheduler_health_check_threshold": 15,
            "orphaned_tasks_check_interval": 15,
            "task_instance_heartbeat_timeout": 60,
            "task_instance_heartbeat_timeout_detection_interval": 10,
            "task_queued_timeout": 180,
            "task_queued_timeout_check_interval": 30,
        },
        "workers": {
            # A task outlives a restart of the API server or the database, which takes 10 to 30 s.
            "execution_api_retries": 10,
            "execution_api_retry_wait_max": 5,
            "execution_api_timeout": 30,
            "max_failed_heartbeats": 20,
        },
    }
