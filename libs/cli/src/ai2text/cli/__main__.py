from ai2text.cli.main import app

if __name__ == "__main__":
    app(prog_name="ai2text")
