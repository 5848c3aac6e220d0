"""`python -m pyft`, which `accelerate launch -m pyft finetune …` runs on several GPUs."""

from pyft.cli import main

main()
