"""One Airflow DAG a model, `<model>__backtest`: a person asks for it, nothing schedules it."""

from pipelines import spec
from plugins.backtest_operator import backtest_task
from plugins.family_dag import backtest_dag, run_in_order, to_build

for model in to_build("backtest", spec.sound_models()):
    with backtest_dag(model):
        run_in_order(backtest_task(model))
