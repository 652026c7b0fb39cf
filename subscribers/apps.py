from django.apps import AppConfig


class SubscribersConfig(AppConfig):
    name = "subscribers"

    def ready(self) -> None:
        from plans.subscriber_counts import register_counter
        from subscribers.plan_counts import count_by_version

        register_counter(count_by_version)
