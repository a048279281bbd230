FROM a
# check=skip=LegacyKeyValueFormat,SecretsUsedInArgOrEnv
ENV token x
# check=skip=all
MAINTAINER y
