# A model of `pyft finetune` as a service. To build:  docker build -t pyft-serve .
# To run:  docker run --rm -p 127.0.0.1:8000:8000 -v "$PWD/my-model:/model:ro" pyft-serve
FROM python:3.11-slim

# torch for the CPU alone: the default build of Linux brings gigabytes of CUDA.
RUN pip install --no-cache-dir --index-url https://download.pytorch.org/whl/cpu torch==2.13.0

WORKDIR /app
COPY pyproject.toml README.md LICENSE requirements.lock requirements-serve.lock ./
COPY pyft pyft
COPY book/results book/results
RUN pip install --no-cache-dir --constraint requirements.lock --constraint requirements-serve.lock ".[serve]"

RUN useradd --create-home reader
USER reader
ENV HF_HUB_OFFLINE=1 OMP_NUM_THREADS=2
EXPOSE 8000
HEALTHCHECK --start-period=60s \
  CMD python -c "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=3)"
ENTRYPOINT ["pyft", "serve", "/model", "--host", "0.0.0.0"]
